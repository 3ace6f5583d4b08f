// ReduceLROnPlateau: multiplies the learning rate by `factor` after `patience` epochs without improvement (Keras'
// rules).
#include <nlohmann/json.hpp>

#include "hgq/callbacks/kinds.h"
#include "hgq/callbacks/monitor.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

class ReduceLrOnPlateau final : public Callback {
 public:
  ReduceLrOnPlateau(Monitor monitor, double factor, int patience, int cooldown, double lowest)
      : monitor_(std::move(monitor)), factor_(factor), patience_(patience), cooldown_(cooldown), lowest_(lowest) {}
  std::string_view name() const override { return "ReduceLROnPlateau"; }
  bool sets_learning_rate() const override { return true; }
  std::vector<WatchedMetric> watches() const override { return monitor_.watches(); }
  void on_train_begin(Training& t) override {
    HGQ_CHECK(
        !t.optimizer.has_schedule(), ConfigError,
        "ReduceLROnPlateau: the learning rate follows a schedule and cannot be set; give a number as learning_rate");
    monitor_.check(t);
  }
  void on_epoch_end(Training& t) override {
    if (resting_ > 0) {
      --resting_;
      monitor_.waited = 0;
    }
    bool found = false;
    if (monitor_.improved(t, found) || !found) return;
    if (resting_ > 0) {
      monitor_.waited = 0;
      return;
    }
    if (monitor_.waited < patience_) return;
    const auto rate = static_cast<double>(t.optimizer.learning_rate());
    if (rate > lowest_) t.optimizer.set_learning_rate(static_cast<float>(std::max(rate * factor_, lowest_)));
    resting_ = cooldown_;
    monitor_.waited = 0;
  }
  nlohmann::json state() const override { return {{"monitor", monitor_.state()}, {"resting", resting_}}; }
  void restore(const nlohmann::json& json) override {
    const SavedState state(json, "ReduceLROnPlateau");
    monitor_.restore(state.at("monitor"));
    resting_ = static_cast<int>(state.integer("resting", 0, cooldown_));
  }

 private:
  Monitor monitor_;
  double factor_;
  int patience_, cooldown_;
  double lowest_;
  int resting_ = 0;
};

std::unique_ptr<Callback> make_reduce_lr_on_plateau(ConfigReader& c, const CallbackContext& /*context*/) {
  Monitor monitor = Monitor::from(c, 1e-4);
  const double factor = c.number("factor", "factor of the learning rate at each change",
                                 {.fallback = 0.1, .min = 0, .max = 1, .above_min = true, .below_max = true});
  const int64_t patience =
      c.integer("patience", "epochs without improvement", {.fallback = 10, .min = 0, .max = 100000000});
  const int64_t cooldown = c.integer("cooldown", "epochs after a change in which nothing is watched",
                                     {.fallback = 0, .min = 0, .max = 100000000});
  const double lowest = c.number("min_lr", "the rate is not lowered below", {.fallback = 0, .min = 0});
  return std::make_unique<ReduceLrOnPlateau>(std::move(monitor), factor, static_cast<int>(patience),
                                             static_cast<int>(cooldown), lowest);
}

}  // namespace

void register_plateau(CallbackKinds& kinds) {
  kinds.callbacks.add({.name = "ReduceLROnPlateau",
                       .doc = "lowers the learning rate when a metric stops improving",
                       .make = make_reduce_lr_on_plateau});
}

}  // namespace hgq
