// golden_layers_test [--golden DIR] [--family NAME] [options of GoogleTest]: a test for every case of the golden data
// for quantizers, layers, training and optimizers, or of one family of them. --gtest_filter='layers.h_dense*' runs
// some.
#include <gtest/gtest.h>

#include <cstdio>
#include <exception>
#include <memory>
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
  GoldenTest(const Family& family, std::shared_ptr<const GoldenFile> file, std::string name)
      : family_(family), file_(std::move(file)), name_(std::move(name)) {}

  void TestBody() override {
    const GoldenCase c = file_->read(name_);
    if (c.config.value("differs", false))
      GTEST_SKIP() << "differs: the package's own numbers for something ours does otherwise";
    for (const std::string& line : family_.run(c)) ADD_FAILURE() << line;
  }

 private:
  const Family& family_;
  std::shared_ptr<const GoldenFile> file_;
  std::string name_;
};

/// The name of a case as that of a test: a '-' in a filter of GoogleTest means "all but".
std::string test_name(std::string name) {
  for (size_t at = name.find('-'); at != std::string::npos; at = name.find('-')) name.replace(at, 1, "minus");
  return name;
}

int run(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  std::string folder = HGQ_SOURCE_DIR "/tests/golden/layers";
  std::string only;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    std::string* const value = option == "--golden" ? &folder : option == "--family" ? &only : nullptr;
    if (value == nullptr || i + 1 >= argc) {
      std::fprintf(stderr, "usage: golden_layers_test [--golden DIR] [--family NAME] [options of GoogleTest]\n");
      return 2;
    }
    *value = argv[++i];
  }
  for (const Family& family : kFamilies) {
    if (!only.empty() && only != family.name) continue;
    const auto file = std::make_shared<const GoldenFile>(folder, family.name);
    for (const std::string& name : file->names()) {
      testing::RegisterTest(family.name, test_name(name).c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [&family, file, name] { return new GoldenTest(family, file, name); });
    }
  }
  const testing::UnitTest& tests = *testing::UnitTest::GetInstance();
  const int failed = RUN_ALL_TESTS();
  return failed != 0 || tests.total_test_count() == 0 ? 1 : 0;
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
