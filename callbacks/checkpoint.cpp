// Checkpoint: saves the model (not the run's state, which hgq-train keeps by itself) every so many epochs, or when a
// metric improves. The file is there with the run's next checkpoint.
#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "hgq/callbacks/kinds.h"
#include "hgq/callbacks/monitor.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/core/system_file.h"
#include "hgq/data/atomic_file.h"

namespace hgq {
namespace {

class Checkpoint final : public Callback {
 public:
  /// `folder`: of the run; empty where there is none yet.
  Checkpoint(std::string folder, const std::string& file, bool best_only, int every, Monitor monitor)
      : folder_(std::move(folder)),
        file_(std::filesystem::path(file).lexically_normal().string()),
        path_((std::filesystem::path(folder_) / file).string()),
        best_only_(best_only),
        every_(every),
        monitor_(std::move(monitor)) {}
  std::string_view name() const override { return "Checkpoint"; }
  int interval() const override { return best_only_ ? 1 : every_; }
  std::vector<WatchedMetric> watches() const override {
    if (!best_only_) return {};
    return monitor_.watches(true);
  }
  std::string writes() const override { return file_; }
  void on_train_begin(Training& t) override {
    monitor_.check(t);
    if (folder_.empty()) return;
    make_folder(folder_of(path_));
    remove_left_overs(folder_of(path_));
  }
  void on_log(Training& t) override {
    bool found = false;
    if (best_only_ ? !monitor_.improved(t, found) : (t.epoch + 1) % every_ != 0) return;
    if (t.model_file) files_.add(t.model_file(path_for(t.epoch + 1)));
  }
  void before_checkpoint(Training& /*t*/) override { files_.write(); }
  nlohmann::json state() const override { return monitor_.state(); }
  void restore(const nlohmann::json& state) override { monitor_.restore(SavedState(state, "Checkpoint")); }

 private:
  /// {epoch} stands for the number of the epoch, from 1.
  std::string path_for(int epoch) const {
    const std::string mark = "{epoch}";
    std::string path = path_;
    if (const size_t at = path.find(mark); at != std::string::npos) path.replace(at, mark.size(), concat(epoch));
    return path;
  }
  std::string folder_, file_, path_;
  bool best_only_;
  int every_;
  Monitor monitor_;
  PendingFiles files_;
};

/// A file of the run itself would be overwritten, or overwrite the models.
void check_file(const std::string& file, ConfigReader& c) {
  const auto refuse = [&](const std::string& expected) {
    c.error("file", concat("found '", printable(file), "', expected ", expected));
  };
  const std::filesystem::path path = std::filesystem::path(file).lexically_normal();
  constexpr std::array kFiles{"model.h5", "proxy.h5", "checkpoint.h5"};
  constexpr std::array kFolders{"pareto", "rtl"};
  if (file.empty() || file.ends_with('/')) {
    refuse("the name of a file");
  } else if (file.find("..") != std::string::npos || path.is_absolute()) {
    refuse("a path inside the run's folder");
  } else if (path.extension() != ".h5") {
    refuse("a name that ends with .h5, as models are HDF5 files");
  } else if (std::ranges::find(kFiles, path.string()) != kFiles.end()) {
    refuse("another name, as the run itself writes this file");
  } else if (std::ranges::find(kFolders, path.begin()->string()) != kFolders.end()) {
    refuse("another folder, as the run itself writes into this one");
  }
}

std::unique_ptr<Callback> make_checkpoint(ConfigReader& c, const CallbackContext& context) {
  const std::string file =
      c.text("file", "file in the folder of the run; {epoch} is replaced with the epoch", "model_{epoch}.h5");
  const bool best_only = c.boolean("save_best_only", "only when the metric improves", false);
  const int64_t every =
      c.integer("every", "epochs from one file to the next", {.fallback = 1, .min = 1, .max = 1000000});
  Monitor monitor = Monitor::from(c, 0);
  check_file(file, c);
  return std::make_unique<Checkpoint>(context.folder, file, best_only, static_cast<int>(every), std::move(monitor));
}

}  // namespace

void register_checkpoint(CallbackKinds& kinds) {
  kinds.callbacks.add(
      {.name = "Checkpoint",
       .doc = "saves the model every so many epochs, or when a metric improves; the file is there with the run's "
              "next checkpoint",
       .make = make_checkpoint});
}

}  // namespace hgq
