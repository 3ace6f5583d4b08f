// BetaSchedule: epoch e of E has from * (to / from)^(e / (E - 1)) for `log`, from + (to - from) e / (E - 1) for
// `linear`; the last value holds after that.
#include <cmath>

#include "hgq/callbacks/kinds.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

class BetaSchedule final : public Callback {
 public:
  BetaSchedule(double from, double to, bool logarithmic, int epochs)
      : from_(from), to_(to), logarithmic_(logarithmic), epochs_(epochs) {}
  std::string_view name() const override { return "BetaSchedule"; }
  bool sets_beta() const override { return true; }
  void on_epoch_begin(Training& t) override {
    const double share = epochs_ > 1 ? std::min(1.0, static_cast<double>(t.epoch) / (epochs_ - 1)) : 1.0;
    t.model.set_beta(logarithmic_ ? from_ * std::pow(to_ / from_, share) : from_ + (to_ - from_) * share);
  }

 private:
  double from_, to_;
  bool logarithmic_;
  int epochs_;
};

std::unique_ptr<Callback> make_beta_schedule(ConfigReader& c, const CallbackContext& context) {
  const bool logarithmic =
      c.choice("scale", "steps of equal ratio, or of equal size", {"log", "linear"}, "log") == "log";
  const double from = c.number("from", "beta of the first epoch", {.required = true, .min = 0});
  const double to = c.number("to", "beta of the last epoch", {.required = true, .min = 0});
  if (logarithmic && c.has("from") && from == 0) c.error("from", "found 0, expected a number above 0 for scale: log");
  if (logarithmic && c.has("to") && to == 0) c.error("to", "found 0, expected a number above 0 for scale: log");
  const char* const doc = "epochs until `to` is reached; then beta stays there";
  c.node("epochs", doc, "an integer in [1, 100000000]", "train.schedule_epochs");  // what the page shows
  const int64_t epochs = c.integer("epochs", doc, {.fallback = context.epochs, .min = 1, .max = 100000000});
  return std::make_unique<BetaSchedule>(from, to, logarithmic, static_cast<int>(epochs));
}

}  // namespace

void register_beta_schedule(CallbackKinds& kinds) {
  kinds.callbacks.add({.name = "BetaSchedule",
                       .doc = "moves the strength of the BOPs term from epoch to epoch",
                       .make = make_beta_schedule});
}

}  // namespace hgq
