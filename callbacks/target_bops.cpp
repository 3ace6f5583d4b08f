// TargetBOPs: keeps the BOPs at a target by choosing beta.
#include "hgq/callbacks/budget_callback.h"

namespace hgq {
namespace {

class TargetBops final : public BudgetCallback {
 public:
  TargetBops(const BudgetSettings& settings, std::string monitor)
      : BudgetCallback(settings), monitor_(std::move(monitor)) {}
  std::string_view name() const override { return "TargetBOPs"; }
  std::vector<WatchedMetric> watches() const override { return {{.name = monitor_, .key = "monitor"}}; }

 protected:
  std::optional<double> measure(Training& t) override {
    const double* const value = t.logs.find(monitor_);
    return value == nullptr ? std::nullopt : std::optional<double>(*value);
  }

 private:
  std::string monitor_;
};

std::unique_ptr<Callback> make_target_bops(ConfigReader& c, const CallbackContext& context) {
  const BudgetSettings settings = BudgetSettings::from(c, context, "BOPs that the network is to have");
  const std::string monitor = c.text(
      "monitor",
      "name in the logs of the BOPs that are meant: `bops`, the exact ones of CalibratedBOPs, or without it those "
      "of FreeBOPs; `free_bops` with both. The callback that writes it stands before this one",
      "bops");
  return std::make_unique<TargetBops>(settings, monitor);
}

}  // namespace

void register_target_bops(CallbackKinds& kinds) {
  kinds.callbacks.add({.name = "TargetBOPs",
                       .doc = "chooses beta after each batch, so that the BOPs come down to a target and stay there",
                       .scalar = "target",
                       .make = make_target_bops});
}

}  // namespace hgq
