// Makes the optimizer that a config names.
//
//   optimizer: adam
//   optimizer: {Adam: {learning_rate: 5.0e-3, clipnorm: 1.0}}
//   optimizer: {SGD: {learning_rate: {CosineDecay: {initial_learning_rate: 0.1, decay_epochs: 90}}, momentum: 0.9}}
//
// Names and arguments are Keras' (optim/optimizers.h), the names also in lower case; learning rates as in
// optim/schedule_config.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hgq/config/config_reader.h"
#include "hgq/config/node.h"
#include "hgq/optim/optimizer.h"
#include "hgq/optim/schedule_config.h"

namespace hgq {

/// Names of the optimizers, as Keras spells them.
std::vector<std::string> optimizer_names();

/// nullptr after an error. `docs`, if given, receives the keys.
std::unique_ptr<Optimizer> make_optimizer(const Node& node, const ScheduleContext& context, ErrorList& errors,
                                          std::vector<KeyDoc>* docs = nullptr);

}  // namespace hgq
