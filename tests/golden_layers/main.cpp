// golden_layers_test [--golden DIR] [--only TEXT]: every case of the golden data for quantizers, layers, training and
// optimizers. Exits 1 if any case fails or none was run.
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "golden_case.h"
#include "hgq/core/error.h"

namespace hgq::golden {
namespace {

struct Family {
  const char* name;
  std::vector<std::string> (*run)(const GoldenCase&);
};
constexpr Family kFamilies[] = {{"quantizer", run_quantizer_case}, {"bits", run_bits_case},
                                {"layers", run_model_case},        {"batchnorm", run_model_case},
                                {"others", run_model_case},        {"training", run_training_case},
                                {"optimizers", run_optimizer_case}};

/// Empty: the case is to be run.
std::string reason_to_skip(const GoldenCase& c) {
  if (c.config.value("differs", false)) return "differs: the package's own numbers for something ours does otherwise";
  return {};
}

struct Count {
  int run = 0, passed = 0, failed = 0, skipped = 0;
};

void run_case(const Family& family, const GoldenCase& c, Count& count) {
  const std::string reason = reason_to_skip(c);
  if (!reason.empty()) {
    ++count.skipped;
    std::printf("SKIP %s/%s: %s\n", family.name, c.name.c_str(), reason.c_str());
    return;
  }
  ++count.run;
  std::vector<std::string> lines;
  try {
    lines = family.run(c);
  } catch (const std::exception& e) {
    lines.emplace_back(e.what());
  }
  ++(lines.empty() ? count.passed : count.failed);
  for (const std::string& line : lines) std::printf("FAIL %s/%s  %s\n", family.name, c.name.c_str(), line.c_str());
}

int run(int argc, char** argv) {
  std::string folder = HGQ_SOURCE_DIR "/tests/golden/layers";
  std::string only;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if ((option == "--golden" || option == "--only") && i + 1 < argc) {
      (option == "--golden" ? folder : only) = argv[++i];
      continue;
    }
    std::fprintf(stderr, "usage: golden_layers_test [--golden DIR] [--only TEXT]\n");
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  Count count;
  for (const Family& family : kFamilies) {
    for (const GoldenCase& c : read_cases(folder, family.name)) {
      if (concat(family.name, "/", c.name).find(only) != std::string::npos) run_case(family, c, count);
    }
  }
  std::printf("cases: %d run, %d passed, %d failed, %d skipped\n", count.run, count.passed, count.failed,
              count.skipped);
  return count.failed > 0 || count.run == 0 ? 1 : 0;
}

}  // namespace
}  // namespace hgq::golden

int main(int argc, char** argv) {
  try {
    return hgq::golden::run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "golden_layers_test: %s\n", e.what());
    return 1;
  }
}
