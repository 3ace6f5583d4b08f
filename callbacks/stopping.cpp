// EarlyStopping and TerminateOnNaN.
#include <cmath>
#include <nlohmann/json.hpp>

#include "hgq/callbacks/monitor.h"
#include "hgq/callbacks/registry.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

nlohmann::json or_null(double v) { return std::isnan(v) ? nlohmann::json(nullptr) : nlohmann::json(v); }

class EarlyStopping final : public Callback {
 public:
  EarlyStopping(Monitor monitor, int patience, int start, bool restore)
      : monitor_(std::move(monitor)), patience_(patience), start_(start), restore_best_(restore) {}
  std::string_view name() const override { return "EarlyStopping"; }
  std::vector<WatchedMetric> watches() const override { return {{.name = monitor_.metric, .key = "monitor"}}; }
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
  nlohmann::json state() const override {
    return {{"best", or_null(monitor_.best)}, {"waited", monitor_.waited}, {"weights", weights_}};
  }
  void restore(const nlohmann::json& state) override {
    monitor_.best = state.at("best").is_null() ? std::nan("") : state.at("best").get<double>();
    monitor_.waited = state.at("waited").get<int>();
    weights_.clear();
    for (const nlohmann::json& values : state.at("weights")) {
      std::vector<float>& kept = weights_.emplace_back();
      for (const nlohmann::json& v : values) kept.push_back(v.is_null() ? std::nanf("") : v.get<float>());
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

class TerminateOnNan final : public Callback {
 public:
  std::string_view name() const override { return "TerminateOnNaN"; }
  void on_epoch_end(Training& t) override {
    for (const auto& [metric, value] : t.logs.entries()) {
      if (std::isfinite(value)) continue;
      t.stop = true;
      t.stop_reason = concat("TerminateOnNaN: ", metric, " is ", value);
      return;
    }
  }
};

}  // namespace

std::unique_ptr<Callback> make_early_stopping(ConfigReader& c, const CallbackContext& /*context*/) {
  Monitor monitor = Monitor::from(c, 0);
  const int64_t patience =
      c.integer("patience", "epochs without improvement until the end", {.fallback = 0, .min = 0, .max = 100000000});
  const int64_t start =
      c.integer("start_from_epoch", "epochs before anything is watched", {.fallback = 0, .min = 0, .max = 100000000});
  const bool restore = c.boolean("restore_best_weights", "go back to the best epoch's weights when stopping", false);
  return std::make_unique<EarlyStopping>(std::move(monitor), static_cast<int>(patience), static_cast<int>(start),
                                         restore);
}

std::unique_ptr<Callback> make_terminate_on_nan(ConfigReader& /*c*/, const CallbackContext& /*context*/) {
  return std::make_unique<TerminateOnNan>();
}

}  // namespace hgq
