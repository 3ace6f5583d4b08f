// Makes the optimizer that a config names.
//
//   optimizer: adam
//   optimizer: {Adam: {learning_rate: 5.0e-3, clipnorm: 1.0}}
//   optimizer: {SGD: {learning_rate: {CosineDecay: {initial_learning_rate: 0.1, decay_epochs: 90}}, momentum: 0.9}}
//
// Names and arguments are those of Keras (optim/optimizers.h); names may be in lower case. optim/schedule_config.h
// tells how a learning rate is written.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hgq/config/config_reader.h"
#include "hgq/config/node.h"
#include "hgq/optim/optimizer.h"
#include "hgq/optim/schedule_config.h"

namespace hgq {

/// Reads the keys of an optimizer and makes it; nullptr after an error.
using MakeOptimizer = std::unique_ptr<Optimizer> (*)(ConfigReader& c, const ScheduleContext& context);

/// Reads the keys that every optimizer takes; `fallbacks` are the values of keys that are not given.
OptimizerSettings read_optimizer_settings(ConfigReader& c, const ScheduleContext& context,
                                          const OptimizerSettings& fallbacks);

/// Reads the keys that every optimizer takes into `options`, and makes the optimizer; nullptr if any key was wrong.
template <typename Made, typename Options>
std::unique_ptr<Optimizer> finish_optimizer(ConfigReader& c, const ScheduleContext& context, Options options) {
  const OptimizerSettings settings = read_optimizer_settings(
      c, context, {.learning_rate = options.learning_rate, .weight_decay = options.weight_decay});
  options.learning_rate = settings.learning_rate;
  options.weight_decay = settings.weight_decay;
  options.clipnorm = settings.clipnorm;
  options.clipvalue = settings.clipvalue;
  options.global_clipnorm = settings.global_clipnorm;
  if (c.failed()) return nullptr;
  return std::make_unique<Made>(options);
}

/// Reads the keys that Adam and its variants share: beta_1, beta_2, epsilon.
template <typename Options>
void read_adam_rates(ConfigReader& c, Options& o) {
  const auto decay = [&](const char* key, const char* doc, double fallback) {
    return c.number(key, doc, {.fallback = fallback, .min = 0, .max = 1, .below_max = true});
  };
  o.beta_1 = decay("beta_1", "decay of the mean of gradients", o.beta_1);
  o.beta_2 = decay("beta_2", "decay of the mean of their squares", o.beta_2);
  o.epsilon = c.number("epsilon", "added to the divisor", {.fallback = o.epsilon, .min = 0});
}

/// Reads NAME or {NAME: {...}}; nullptr after an error. Names are looked up in `context.kinds`. `docs`, if given,
/// receives the documentation of the keys.
std::unique_ptr<Optimizer> make_optimizer(const Node& node, const ScheduleContext& context, ErrorList& errors,
                                          std::vector<KeyDoc>* docs = nullptr);

}  // namespace hgq
