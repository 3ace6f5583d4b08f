// golden_models_test [--golden DIR] [--only TEXT] [--write DIR]: every model in the folders of DIR, its predictions,
// traces and proxies. --write keeps the proxies that we make, and the models as we write them, for other readers to
// try. Exits 1 if any case fails or none was run.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <string_view>

#include "golden_model.h"
#include "hgq/core/error.h"
#include "hgq/deploy/files.h"
#include "hgq/layers/hgq_file.h"
#include "hgq/proxy/proxy_file.h"
#include "hgq/proxy/qkeras/convert.h"

namespace hgq::golden {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string golden = HGQ_SOURCE_DIR "/tests/golden/models";
  std::string only, write;
};

struct Count {
  int run = 0, passed = 0, failed = 0, skipped = 0;

  void skip(const std::string& name, const std::string& reason) {
    ++skipped;
    std::printf("SKIP %s: %s\n", name.c_str(), reason.c_str());
  }
  void run_case(const std::string& name, const std::function<std::vector<std::string>()>& work) {
    ++run;
    std::vector<std::string> lines;
    try {
      lines = work();
    } catch (const std::exception& e) {
      lines.emplace_back(e.what());
    }
    ++(lines.empty() ? passed : failed);
    for (const std::string& line : lines) std::printf("FAIL %s: %s\n", name.c_str(), line.c_str());
  }
};

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
    if (!reason_to_skip_proxy(golden, tag).empty()) continue;
    trace(golden, model, trace_of_proxy(golden, tag));
    save_proxy(to_proxy_model(model, proxy_options(golden, tag)), concat(folder, "/", golden.name, "_", tag, ".h5"));
  }
}

void run_folder(const Options& options, const std::string& name, Count& count) {
  const std::string folder = (fs::path(options.golden) / name).string();
  if (const std::string reason = reason_to_skip_folder(folder); !reason.empty()) {
    count.skip(name, reason);
    return;
  }
  const GoldenModel golden = GoldenModel::open(folder, name);
  const auto wanted = [&](const std::string& what) {
    return (name + "/" + what).find(options.only) != std::string::npos;
  };
  if (golden.is_qkeras()) {
    for (const auto& entry : golden.about["agreement"].items()) {
      const std::string& tag = entry.key();
      if (wanted(tag)) count.run_case(name + "/" + tag, [&] { return run_qkeras(golden, tag); });
    }
    if (!options.write.empty()) write_files(golden, options.write);
    return;
  }
  if (wanted("predictions")) count.run_case(name + "/predictions", [&] { return run_predictions(golden); });
  for (const auto& entry : golden.about["bops"].items()) {
    const std::string& group = entry.key();
    if (wanted(group)) count.run_case(name + "/" + group, [&] { return run_trace(golden, group); });
  }
  for (const auto& entry : golden.about["agreement"].items()) {
    const std::string& tag = entry.key();
    if (!wanted(tag)) continue;
    const std::string reason = reason_to_skip_proxy(golden, tag);
    if (reason.empty()) {
      count.run_case(name + "/" + tag, [&] { return run_proxy(golden, tag); });
    } else {
      count.skip(name + "/" + tag, reason);
    }
  }
  if (!options.write.empty()) write_files(golden, options.write);
}

int run(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    std::string* const value = option == "--golden"  ? &options.golden
                               : option == "--only"  ? &options.only
                               : option == "--write" ? &options.write
                                                     : nullptr;
    if (value == nullptr || i + 1 >= argc) {
      std::fprintf(stderr, "usage: golden_models_test [--golden DIR] [--only TEXT] [--write DIR]\n");
      return 2;
    }
    *value = argv[++i];
  }
  HGQ_CHECK(fs::is_directory(options.golden), FileError, options.golden, ": there is no such folder");
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(options.golden)) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  Count count;
  for (const std::string& name : names) run_folder(options, name, count);
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
    std::fprintf(stderr, "golden_models_test: %s\n", e.what());
    return 1;
  }
}
