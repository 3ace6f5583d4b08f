// golden_layers_test [--golden DIR] [options of GoogleTest]: a test for every case of the golden data for quantizers,
// layers, training and optimizers, by its name: --gtest_filter='layers.*' runs those of a family.
#include <gtest/gtest.h>

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "golden_case.h"

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

class GoldenTest : public testing::Test {
 public:
  GoldenTest(const Family& family, std::string folder, std::string name)
      : family_(family), folder_(std::move(folder)), name_(std::move(name)) {}

  void TestBody() override {
    const GoldenCase c = read_case(folder_, family_.name, name_);
    if (c.config.value("differs", false))
      GTEST_SKIP() << "differs: the package's own numbers for something ours does otherwise";
    for (const std::string& line : family_.run(c)) ADD_FAILURE() << line;
  }

 private:
  const Family& family_;
  std::string folder_, name_;
};

/// The name of a case as that of a test: a '-' in a filter of GoogleTest means "all but".
std::string test_name(std::string name) {
  for (size_t at = name.find('-'); at != std::string::npos; at = name.find('-')) name.replace(at, 1, "minus");
  return name;
}

int run(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  std::string folder = HGQ_SOURCE_DIR "/tests/golden/layers";
  if (argc == 3 && std::string_view(argv[1]) == "--golden") {
    folder = argv[2];
  } else if (argc != 1) {
    std::fprintf(stderr, "usage: golden_layers_test [--golden DIR] [options of GoogleTest]\n");
    return 2;
  }
  for (const Family& family : kFamilies) {
    for (const std::string& name : case_names(folder, family.name)) {
      testing::RegisterTest(family.name, test_name(name).c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [&family, folder, name] { return new GoldenTest(family, folder, name); });
    }
  }
  return RUN_ALL_TESTS();
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
