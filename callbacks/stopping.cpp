// EarlyStopping, StopWhen and TerminateOnNaN.
#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "hgq/callbacks/kinds.h"
#include "hgq/callbacks/monitor.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

class EarlyStopping final : public Callback {
 public:
  EarlyStopping(Monitor monitor, int patience, int start, bool restore)
      : monitor_(std::move(monitor)), patience_(patience), start_(start), restore_best_(restore) {}
  std::string_view name() const override { return "EarlyStopping"; }
  std::vector<WatchedMetric> watches() const override { return monitor_.watches(); }
  void on_epoch_end(Training& t) override {
    if (t.epoch < start_) return;
    bool found = false;
    if (monitor_.improved(t, found)) {
      if (restore_best_) remember(t.model);
      return;
    }
    if (!found || monitor_.waited < patience_) return;
    t.stop = true;
    t.stop_reason = concat("EarlyStopping: ", monitor_.metric, " has not improved on ", monitor_.best, " for ",
                           monitor_.waited, " epochs");
  }
  void on_train_end(Training& t) override {
    if (!restore_best_ || !t.stop || weights_.empty()) return;
    size_t i = 0;
    for (Parameter* const p : t.model.parameters()) std::ranges::copy(weights_[i++], p->value.data());
    for (State* const s : t.model.states()) std::ranges::copy(weights_[i++], s->value.data());
  }
  void on_train_begin(Training& t) override {
    monitor_.check(t);
    if (weights_.empty()) return;
    std::vector<int64_t> sizes;
    for (const Parameter* const p : t.model.parameters()) sizes.push_back(p->value.size());
    for (const State* const s : t.model.states()) sizes.push_back(s->value.size());
    HGQ_CHECK(restore_best_ && std::ranges::equal(weights_, sizes, {}, [](const auto& w) { return std::ssize(w); }),
              FileError, "the checkpoint is damaged: EarlyStopping: its best weights are not those of this model");
  }
  nlohmann::json state() const override {
    nlohmann::json weights = nlohmann::json::array();
    for (const std::vector<float>& values : weights_) weights.push_back(bits_json(values));
    return {{"monitor", monitor_.state()}, {"weights", std::move(weights)}};
  }
  void restore(const nlohmann::json& json) override {
    const SavedState state(json, "EarlyStopping");
    monitor_.restore(state.at("monitor"));
    weights_.clear();
    for (const SavedState& values : state.at("weights").items()) {
      weights_.push_back(values.floats());
      HGQ_CHECK(std::ranges::none_of(weights_.back(), [](float v) { return std::isnan(v); }), FileError,
                "the checkpoint is damaged: ", values.place(), ": holds values that are not numbers");
    }
  }

 private:
  void remember(const Model& model) {
    weights_.clear();
    for (const Parameter* const p : model.parameters())
      weights_.emplace_back(p->value.values().begin(), p->value.values().end());
    for (const State* const s : model.states())
      weights_.emplace_back(s->value.values().begin(), s->value.values().end());
  }
  Monitor monitor_;
  int patience_, start_;
  bool restore_best_;
  std::vector<std::vector<float>> weights_;
};

// It counts epochs that have all the values; between those in which BOPs are calculated, nothing changes.
class StopWhen final : public Callback {
 public:
  StopWhen(Condition condition, int patience, int start)
      : condition_(std::move(condition)), patience_(patience), start_(start) {}
  std::string_view name() const override { return "StopWhen"; }
  std::vector<WatchedMetric> watches() const override {
    std::vector<WatchedMetric> watched;
    condition_.add_watched(watched, "condition", true);
    return watched;
  }
  void on_train_begin(Training& t) override {
    HGQ_CHECK(held_ <= t.epoch, FileError, "the checkpoint is damaged: after ", t.epoch,
              " epochs the condition of StopWhen has held in ", held_);
  }
  void on_log(Training& t) override {
    if (t.epoch < start_) return;
    const std::optional<bool> holds = condition_.holds(t.logs);
    if (!holds) return;
    held_ = *holds ? held_ + 1 : 0;
    if (held_ <= patience_) return;
    t.stop = true;
    t.stop_reason = concat("StopWhen: epoch ", t.epoch + 1, ": ", condition_.describe(t.logs),
                           patience_ > 0 ? concat(", in ", held_, " epochs one after the other") : std::string());
  }
  nlohmann::json state() const override { return {{"held", held_}}; }
  void restore(const nlohmann::json& json) override {
    held_ = static_cast<int>(SavedState(json, "StopWhen").integer("held", 0, std::numeric_limits<int>::max()));
  }

 private:
  Condition condition_;
  int patience_, start_;
  int held_ = 0;  // epochs one after the other
};

// As Keras': it looks at the loss alone, after each batch.
class TerminateOnNan final : public Callback {
 public:
  std::string_view name() const override { return "TerminateOnNaN"; }
  void on_batch_end(Training& t) override {
    const double loss = t.step.loss();
    if (std::isfinite(loss)) return;
    t.stop_now = true;
    t.stop_reason = concat("TerminateOnNaN: epoch ", t.epoch + 1, ", batch ", t.batch + 1, ": the loss is ",
                           std::isnan(loss) ? "nan" : concat(loss));
  }
};

std::unique_ptr<Callback> make_early_stopping(ConfigReader& c, const CallbackContext& /*context*/) {
  Monitor monitor = Monitor::from(c, 0);
  const int64_t patience =
      c.integer("patience", "epochs without improvement until the end", {.fallback = 0, .min = 0, .max = 100000000});
  const int64_t start = c.integer("start_from_epoch", "epochs at the beginning in which nothing is watched",
                                  {.fallback = 0, .min = 0, .max = 100000000});
  const bool restore = c.boolean("restore_best_weights", "go back to the best epoch's weights when stopping", false);
  return std::make_unique<EarlyStopping>(std::move(monitor), static_cast<int>(patience), static_cast<int>(start),
                                         restore);
}

std::unique_ptr<Callback> make_stop_when(ConfigReader& c, const CallbackContext& /*context*/) {
  const std::string doc =
      "ends the training when it holds: names in the logs of the epoch, as history.csv has them, numbers, < <= > >= == "
      "!= && ||, and the functions of formulas";
  std::optional<Condition> condition = Condition::from(c, "condition", doc, "required");
  const int64_t patience = c.integer("patience", "epochs one after the other, beyond the first, in which it must hold",
                                     {.fallback = 0, .min = 0, .max = 100000000});
  const int64_t start = c.integer("start_from_epoch", "epochs at the beginning in which nothing is watched",
                                  {.fallback = 0, .min = 0, .max = 100000000});
  if (!condition) return nullptr;
  return std::make_unique<StopWhen>(std::move(*condition), static_cast<int>(patience), static_cast<int>(start));
}

std::unique_ptr<Callback> make_terminate_on_nan(ConfigReader& /*c*/, const CallbackContext& /*context*/) {
  return std::make_unique<TerminateOnNan>();
}

}  // namespace

void register_stopping(CallbackKinds& kinds) {
  kinds.callbacks.add(
      {.name = "EarlyStopping", .doc = "ends the training when a metric stops improving", .make = make_early_stopping});
  kinds.callbacks.add({.name = "StopWhen",
                       .doc = "ends the training when a condition on BOPs, metrics or losses holds",
                       .scalar = "condition",
                       .make = make_stop_when});
  kinds.callbacks.add(
      {.name = "TerminateOnNaN",
       .doc = "ends the training at a batch whose loss is not finite, and keeps the model as it is then",
       .make = make_terminate_on_nan});
}

}  // namespace hgq
