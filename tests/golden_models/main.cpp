// golden_models_test [--golden DIR] [--write DIR] [options of GoogleTest]: a test for the predictions, each trace and
// each proxy of every model in the folders of DIR: --gtest_filter='jsc_bn.*' runs those of a model. --write keeps the
// proxies that we make, and the models as we write them, for other readers to try.
#include <gtest/gtest.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "golden_model.h"
#include "hgq/core/error.h"
#include "hgq/deploy/files.h"
#include "hgq/layers/hgq_file.h"
#include "hgq/proxy/proxy_file.h"
#include "hgq/proxy/qkeras/convert.h"

namespace hgq::golden {
namespace {

namespace fs = std::filesystem;

void write_files(const GoldenModel& golden, const std::string& folder) {
  if (golden.is_qkeras()) {
    for (const auto& entry : golden.about["agreement"].items()) {
      const bool wrap = entry.value()["options"].value("aggressive", true);
      save_proxy(qkeras_to_proxy(read_keras_file(golden.file("qkeras.h5")), {.wrap = wrap}).proxy,
                 concat(folder, "/", golden.name, "_", entry.key(), ".h5"));
    }
    return;
  }
  Model model = golden.load();
  trace(golden, model, "trace");
  save_model(model, concat(folder, "/", golden.name, ".h5"));
  for (const auto& entry : golden.about["agreement"].items()) {
    const std::string& tag = entry.key();
    trace(golden, model, trace_of_proxy(golden, tag));
    save_proxy(to_proxy_model(model, proxy_options(golden, tag)), concat(folder, "/", golden.name, "_", tag, ".h5"));
  }
}

using Work = std::function<std::vector<std::string>(const GoldenModel&)>;

class GoldenTest : public testing::Test {
 public:
  GoldenTest(std::string folder, std::string model, Work work)
      : folder_(std::move(folder)), model_(std::move(model)), work_(std::move(work)) {}

  void TestBody() override {
    for (const std::string& line : work_(GoldenModel::open(folder_, model_))) ADD_FAILURE() << line;
  }

 private:
  std::string folder_, model_;
  Work work_;
};

void add_test(const std::string& folder, const std::string& model, const std::string& name, const Work& work) {
  testing::RegisterTest(model.c_str(), name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                        [folder, model, work] { return new GoldenTest(folder, model, work); });
}

void add_tests(const GoldenModel& golden) {
  const std::string& folder = golden.folder;
  const std::string& name = golden.name;
  if (!golden.is_qkeras()) {
    add_test(folder, name, "predictions", run_predictions);
    for (const auto& entry : golden.about["bops"].items())
      add_test(folder, name, entry.key(), [tag = entry.key()](const GoldenModel& g) { return run_trace(g, tag); });
  }
  for (const auto& entry : golden.about["agreement"].items()) {
    add_test(folder, name, entry.key(), [tag = entry.key()](const GoldenModel& g) {
      return g.is_qkeras() ? run_qkeras(g, tag) : run_proxy(g, tag);
    });
  }
}

int run(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  std::string all = HGQ_SOURCE_DIR "/tests/golden/models";
  std::string write;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    std::string* const value = option == "--golden" ? &all : option == "--write" ? &write : nullptr;
    if (value == nullptr || i + 1 >= argc) {
      std::fprintf(stderr, "usage: golden_models_test [--golden DIR] [--write DIR] [options of GoogleTest]\n");
      return 2;
    }
    *value = argv[++i];
  }
  HGQ_CHECK(fs::is_directory(all), FileError, all, ": there is no such folder");
  for (const fs::directory_entry& entry : fs::directory_iterator(all)) {
    if (!entry.is_directory()) continue;
    const std::string name = entry.path().filename().string();
    const GoldenModel golden = GoldenModel::open(entry.path().string(), name);
    add_tests(golden);
    if (!write.empty()) write_files(golden, write);
  }
  return RUN_ALL_TESTS();
}

}  // namespace
}  // namespace hgq::golden

int main(int argc, char** argv) {
  try {
    return hgq::golden::run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "golden_models_test: %s\n", e.what());
    return 1;
  }
}
