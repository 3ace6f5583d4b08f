// Every case of the golden data of quantizers, layers and training, against hgq.
//
//   golden_layers_test [--golden DIR] [-k SUBSTRING] [--threads N] [-v]
//
// Prints FAIL or SKIP with the reason for each case that fails or is not run (with -v also OK), and at the end
// "cases: N run, N passed, N failed, N skipped". Exit code 1 where a case failed or none ran, 2 for wrong arguments.
#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hgq/core/error.h"
#include "model_build.h"
#include "run_case.h"

namespace hgq::golden {

std::optional<std::string> reason_to_skip(const GoldenCase& c) {
  if (c.json().value("differs", false))
    return "holds the package's own numbers for something hgq does otherwise (differs)";
  for (const std::string& type : layer_types(c)) {
    if (type.find("Conv") != std::string::npos) return "convolutions are not there yet";
    if (type.find("Pool") != std::string::npos) return "pooling layers are not there yet";
  }
  return {};
}

Outcome run_case(const GoldenCase& c, Workers& workers) {
  if (c.family == "quantizer") return run_quantizer(c, workers);
  if (c.family == "bits") return run_bits(c, workers);
  if (c.family == "training") return run_training(c, workers);
  if (c.family == "optimizers") return run_optimizer(c, workers);
  return run_model(c, workers);
}

namespace {

struct Arguments {
  std::string golden = HGQ_SOURCE_DIR "/tests/golden/layers";
  std::string substring;
  int threads = 2;
  bool verbose = false;
  bool valid = true;
};

Arguments read_arguments(const std::vector<std::string>& words) {
  Arguments a;
  for (size_t i = 0; i < words.size(); ++i) {
    const bool last = i + 1 == words.size();
    if (words[i] == "-v") {
      a.verbose = true;
    } else if (words[i] == "--golden" && !last) {
      a.golden = words[++i];
    } else if (words[i] == "-k" && !last) {
      a.substring = words[++i];
    } else if (words[i] == "--threads" && !last) {
      const std::string& text = words[++i];
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), a.threads);
      a.valid = a.valid && error == std::errc{} && end == text.data() + text.size() && a.threads > 0;
    } else {
      a.valid = false;
    }
  }
  return a;
}

struct Counts {
  int run = 0, failed = 0, skipped = 0;
};

void run_one(const GoldenCase& c, Workers& workers, bool verbose, Counts& counts) {
  if (const auto reason = reason_to_skip(c)) {
    ++counts.skipped;
    std::printf("SKIP %s/%s: %s\n", c.family.c_str(), c.name.c_str(), reason->c_str());
    return;
  }
  ++counts.run;
  Outcome outcome;
  try {
    outcome = run_case(c, workers);
  } catch (const std::exception& e) {
    outcome.problems.push_back(e.what());
  }
  if (outcome.problems.empty() && outcome.compared == 0) outcome.problems.emplace_back("there was nothing to compare");
  if (outcome.problems.empty()) {
    if (verbose) std::printf("OK   %s/%s: %d datasets\n", c.family.c_str(), c.name.c_str(), outcome.compared);
    return;
  }
  ++counts.failed;
  std::printf("FAIL %s/%s\n", c.family.c_str(), c.name.c_str());
  for (const std::string& p : outcome.problems) std::printf("     %s\n", p.c_str());
}

int run_all(const Arguments& arguments) {
  Workers workers(arguments.threads);
  Counts counts;
  for (const char* const family : {"quantizer", "bits", "layers", "batchnorm", "others", "training", "optimizers"}) {
    for (const GoldenCase& c : read_family(arguments.golden, family)) {
      if ((c.family + "/" + c.name).find(arguments.substring) == std::string::npos) continue;
      run_one(c, workers, arguments.verbose, counts);
    }
  }
  std::printf("cases: %d run, %d passed, %d failed, %d skipped\n", counts.run, counts.run - counts.failed,
              counts.failed, counts.skipped);
  return counts.failed > 0 || counts.run == 0 ? 1 : 0;
}

}  // namespace
}  // namespace hgq::golden

int main(int argc, char** argv) {
  const auto arguments = hgq::golden::read_arguments({argv + 1, argv + argc});
  if (!arguments.valid) {
    std::fprintf(stderr, "usage: golden_layers_test [--golden DIR] [-k SUBSTRING] [--threads N] [-v]\n");
    return 2;
  }
  try {
    return hgq::golden::run_all(arguments);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "golden_layers_test: %s\n", e.what());
    return 1;
  }
}
