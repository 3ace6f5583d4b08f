#include "hgq/callbacks/budget_callback.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "hgq/callbacks/saved_state.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

/// Whether an output does not depend on the inputs: on each way to it there is a layer without bit operations.
bool has_constant_output(const Model& model, const ModelComputation& computation) {
  std::vector<bool> constant;
  for (const Model::Entry& entry : model.entries()) {
    const bool of_constants = !entry.inputs.empty() && std::ranges::all_of(entry.inputs, [&](int input) {
      return constant[static_cast<size_t>(input)];
    });
    const bool has_bops = std::ranges::any_of(computation.recording().bops,
                                              [&](const Recording::Bops& bops) { return bops.layer == entry.name; });
    constant.push_back(of_constants || (has_bops && computation.bops_of(entry.name) <= 0));
  }
  return std::ranges::any_of(model.outputs(), [&](int output) { return constant[static_cast<size_t>(output)]; });
}

bool follows_beta(const Model& model) {
  return std::ranges::any_of(model.layers(),
                             [](Layer* layer) { return layer->beta() != nullptr && !layer->has_own_beta(); });
}

}  // namespace

BudgetSettings BudgetSettings::from(ConfigReader& c, const CallbackContext& context, std::string_view target) {
  BudgetSettings settings;
  BudgetControl::Options& control = settings.control;
  settings.epochs = context.epochs;
  control.target = c.number("target", target, {.required = true, .fallback = 1, .min = 0, .above_min = true});
  control.settle = c.number("settle",
                            "share of the epochs in which the target is to be reached. Bit widths move by about the "
                            "learning rate in a step, so a short training, or a small rate, may need more",
                            {.fallback = control.settle, .min = 0, .max = 1, .above_min = true});
  control.min_beta = c.number("min_beta", "beta is never smaller", {.fallback = control.min_beta, .min = 0});
  control.max_beta =
      c.number("max_beta", "beta is never larger", {.fallback = control.max_beta, .min = 0, .above_min = true});
  if (control.min_beta > control.max_beta)
    c.error("min_beta", concat("found ", control.min_beta, ", expected at most max_beta, ", control.max_beta));
  return settings;
}

void BudgetCallback::on_train_begin(Training& t) {
  HGQ_CHECK(follows_beta(t.model), ConfigError, name(),
            ": each layer has a beta of its own, which no callback changes; leave out `beta` in a layer at least");
  HGQ_CHECK(constant_ <= t.epoch, FileError, "the checkpoint is damaged: after ", t.epoch, " epochs ", name(),
            " has seen ", constant_, " with a constant output");
  control_.begin(t.batches, settings_.epochs);
}

void BudgetCallback::on_batch_end(Training& t) {
  if (waits() && !has_measured_) return;
  t.model.set_beta(control_.after_batch({.batch = t.batch,
                                         .bops = t.step.bops(),
                                         .task_loss = t.step.computation().task_loss(),
                                         .beta = t.model.beta()}));
}

void BudgetCallback::on_epoch_end(Training& t) {
  if (const std::optional<double> cost = measure(t)) {
    has_measured_ = true;
    control_.after_epoch(*cost, t.step.bops());
  }
  // Beta is 0, or min_beta, then: the task may give bits back.
  constant_ = has_constant_output(t.model, t.step.computation()) ? constant_ + 1 : 0;
  const auto most = static_cast<int64_t>(std::ceil(settings_.control.settle * settings_.epochs));
  if (constant_ <= std::max<int64_t>(most, 2)) return;
  t.stop = true;
  t.stop_reason = concat(name(), ": epoch ", t.epoch + 1, ": the network has collapsed: for ", constant_,
                         " epochs an output has been the same for every row, as a layer before it has no bit "
                         "operations left. Take a larger target than ",
                         settings_.control.target, ", a smaller learning rate, or more epochs");
}

nlohmann::json BudgetCallback::state() const {
  return {{"control", control_.state()}, {"has_measured", has_measured_ ? 1 : 0}, {"constant", constant_}};
}

void BudgetCallback::restore(const nlohmann::json& json) {
  const SavedState state(json, std::string(name()));
  control_.restore(state.at("control").json(), concat(name(), ".control"));
  has_measured_ = state.integer("has_measured", 0, 1) == 1;
  constant_ = state.integer("constant", 0, std::numeric_limits<int64_t>::max());
}

}  // namespace hgq
