// TargetLUTs: keeps the estimated LUTs of the circuit at a target by choosing beta.
#include <algorithm>
#include <limits>

#include "hgq/callbacks/budget_callback.h"
#include "hgq/callbacks/finite_loss.h"
#include "hgq/core/error.h"
#include "hgq/deploy/circuit_cost.h"
#include "hgq/deploy/registry.h"

namespace hgq {
namespace {

class TargetLuts final : public BudgetCallback {
 public:
  TargetLuts(const BudgetSettings& settings, std::string data, int every, const CircuitCostOptions& options)
      : BudgetCallback(settings),
        data_(std::move(data)),
        every_(every),
        last_epoch_(settings.epochs - 1),
        options_(options) {}
  std::string_view name() const override { return "TargetLUTs"; }
  std::vector<std::string> adds() const override { return {"luts"}; }
  void on_train_begin(Training& t) override {
    HGQ_CHECK(data_ == "train" || t.validation != nullptr, ConfigError,
              "TargetLUTs: data: validation, but the run has no validation set");
    const std::string reasons = why_never_a_circuit(t.model, rows(t), options_, "`softmax: ", "` in TargetLUTs");
    HGQ_CHECK(reasons.empty(), ConfigError, "TargetLUTs: the network has no circuit, so no LUTs: ", reasons);
    BudgetCallback::on_train_begin(t);
  }

 protected:
  bool waits() const override { return true; }
  // In the first epoch, too: only then the ratio of LUTs and BOPs is known.
  std::optional<double> measure(Training& t) override {
    if (t.epoch % every_ != 0 && t.epoch != last_epoch_) return std::nullopt;
    try {
      const double luts = circuit_cost(t.model, rows(t), t.workers, options_).circuit.luts;
      t.logs.set("luts", luts);
      return luts;
    } catch (const ConfigError& e) {
      // The next batch says of a network that has gone astray what there is to say.
      HGQ_CHECK(!has_finite_loss(t), RunError, "TargetLUTs: epoch ", t.epoch + 1,
                ": the network has no circuit any more: ", e.what());
      t.logs.set("luts", std::numeric_limits<double>::quiet_NaN());
      return std::nullopt;
    }
  }

 private:
  const Dataset& rows(const Training& t) const { return data_ == "validation" ? *t.validation : t.train; }

  std::string data_;
  int every_, last_epoch_;
  CircuitCostOptions options_;
};

std::unique_ptr<Callback> make_target_luts(ConfigReader& c, const CallbackContext& context) {
  const BudgetSettings settings = BudgetSettings::from(
      c, context, "estimated LUTs that the network is to take: of the combinational circuit, with the least effort");
  const int64_t every =
      c.integer("every", "epochs from one estimate to the next; between them the LUTs are taken to follow the BOPs",
                {.fallback = 5, .min = 1, .max = 1000000});
  const std::string data =
      c.choice("data", "set on which the ranges of the circuit are traced", {"train", "validation"}, "train");
  const std::string softmax =
      c.choice("softmax",
               "at an output: refuse (an error), logits (its inputs are the output), argmax (the index of the "
               "largest)",
               rtl_softmax_names(), "refuse");
  CircuitCostOptions options{.proxy = context.proxy};
  options.softmax = rtl_softmax_named(softmax).value_or(RtlSoftmax::kRefuse);
  return std::make_unique<TargetLuts>(settings, data, static_cast<int>(every), options);
}

}  // namespace

void register_target_luts(Registry& kinds) {
  kinds.callbacks.add({.name = "TargetLUTs",
                       .doc =
                           "chooses beta after each batch, so that the estimated LUTs come down to a target and stay "
                           "there; writes them as luts",
                       .scalar = "target",
                       .make = make_target_luts});
}

}  // namespace hgq
