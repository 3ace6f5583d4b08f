// BetaSchedule: epoch e of E has from * (to / from)^(e / (E - 1)) for `log`, from + (to - from) e / (E - 1) for
// `linear`; the last value holds after that.
#include "hgq/callbacks/kinds.h"
#include "hgq/callbacks/phases.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

class BetaSchedule final : public Callback {
 public:
  BetaSchedule(const BetaRange& range, int epochs) : range_(range), epochs_(epochs) {}
  std::string_view name() const override { return "BetaSchedule"; }
  bool sets_beta() const override { return true; }
  std::optional<double> first_beta() const override { return range_.at(0, epochs_); }
  void on_epoch_begin(Training& t) override { t.model.set_beta(range_.at(t.epoch, epochs_)); }

 private:
  BetaRange range_;
  int epochs_;
};

std::unique_ptr<Callback> make_beta_schedule(ConfigReader& c, const CallbackContext& context) {
  const BetaRange range = read_beta_range(c);
  const char* const doc = "epochs until `to` is reached; then beta stays there";
  c.node("epochs", doc, "an integer in [1, 100000000]", "train.schedule_epochs");  // what the page shows
  const int64_t epochs = c.integer("epochs", doc, {.fallback = context.epochs, .min = 1, .max = 100000000});
  return std::make_unique<BetaSchedule>(range, static_cast<int>(epochs));
}

}  // namespace

void register_beta_schedule(CallbackKinds& kinds) {
  kinds.callbacks.add({.name = "BetaSchedule",
                       .doc = "moves the strength of the BOPs term from epoch to epoch",
                       .make = make_beta_schedule});
}

}  // namespace hgq
