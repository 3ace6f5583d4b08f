#include "hgq/callbacks/phases.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/layers/freeze.h"

namespace hgq {
namespace {

class Phases final : public Callback {
 public:
  explicit Phases(std::vector<TrainingPhase> phases) : phases_(std::move(phases)) {}
  std::string_view name() const override { return "phases"; }

  bool sets_beta() const override {
    return std::ranges::any_of(phases_, [](const TrainingPhase& phase) { return phase.beta.has_value(); });
  }
  std::optional<double> first_beta() const override {
    const TrainingPhase& first = phases_.front();
    return first.beta ? std::optional(first.beta->at(0, epochs_of(first))) : std::nullopt;
  }
  void on_train_begin(Training& t) override { enter(phase_of(t.epoch), t); }
  void on_epoch_begin(Training& t) override {
    const Place place = phase_of(t.epoch);
    if (place.epoch == 0) enter(place, t);
    if (place.phase->beta) t.model.set_beta(place.phase->beta->at(place.epoch, epochs_of(*place.phase)));
  }

 private:
  struct Place {
    const TrainingPhase* phase;
    int64_t begin;  // epochs before it
    int64_t epoch;  // within it
  };

  static int64_t epochs_of(const TrainingPhase& phase) {
    return phase.beta_epochs > 0 ? phase.beta_epochs : phase.epochs;
  }

  Place phase_of(int64_t epoch) const {
    int64_t begin = 0;
    size_t p = 0;
    while (p + 1 < phases_.size() && epoch >= begin + phases_[p].epochs) begin += phases_[p++].epochs;
    return {&phases_[p], begin, epoch - begin};
  }

  void enter(const Place& place, Training& t) const {
    const TrainingPhase& phase = *place.phase;
    if (phase.learning_rate)
      t.optimizer.follow(*phase.learning_rate, t.first_step + (phase.is_schedule_of_all ? 0 : place.begin * t.batches));
    if (phase.freeze && freeze_layers(t.model, *phase.freeze)) t.step.computation().record_again();
  }

  std::vector<TrainingPhase> phases_;
};

}  // namespace

double BetaRange::at(int64_t epoch, int64_t epochs) const {
  const double share = epochs > 1 ? std::min(1.0, static_cast<double>(epoch) / static_cast<double>(epochs - 1)) : 1.0;
  return logarithmic ? from * std::pow(to / from, share) : from + (to - from) * share;
}

BetaRange read_beta_range(ConfigReader& c) {
  BetaRange range;
  range.logarithmic = c.choice("scale", "steps of equal ratio, or of equal size", {"log", "linear"}, "log") == "log";
  range.from = c.number("from", "beta of the first epoch", {.required = true, .min = 0});
  range.to = c.number("to", "beta of the last epoch", {.required = true, .min = 0});
  if (!range.logarithmic) return range;
  if (c.has("from") && range.from == 0) c.error("from", "found 0, expected a number above 0 for scale: log");
  if (c.has("to") && range.to == 0) c.error("to", "found 0, expected a number above 0 for scale: log");
  return range;
}

std::unique_ptr<Callback> make_phases(std::vector<TrainingPhase> phases) {
  HGQ_CHECK(!phases.empty(), ConfigError, "phases: found none, expected at least one");
  for (size_t p = 0; p < phases.size(); ++p) {
    const TrainingPhase& phase = phases[p];
    HGQ_CHECK(phase.epochs > 0 || p + 1 == phases.size(), ConfigError, "phase ", p + 1,
              ": its epochs are not given; only those of the last phase may be left out");
    const bool changes = phase.beta && phase.beta->from != phase.beta->to;
    HGQ_CHECK(!changes || phase.epochs > 0 || phase.beta_epochs > 0, ConfigError, "phase ", p + 1,
              ": its beta changes from epoch to epoch, but its epochs are not given");
  }
  return std::make_unique<Phases>(std::move(phases));
}

}  // namespace hgq
