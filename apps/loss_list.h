// The keys `loss` and `loss_weights` of a config.
//
//   loss: sparse_categorical_crossentropy
//   loss: {jet: categorical_crossentropy, energy: {huber: {delta: 2}}}
//   loss_weights: {energy: 0.1}
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hgq/apps/output_map.h"
#include "hgq/config/node.h"

namespace hgq {

/// One output's loss: `NAME` or `{NAME: {...}}`.
struct OutputLoss {
  std::string output;
  Node loss;
  double weight = 1;
};

/// One loss for each output, in their order. `check` is called for each loss that is written.
std::vector<OutputLoss> read_loss_list(const Node& node, const OutputMap& of,
                                       const std::function<void(const Node&)>& check, ErrorList& errors);

/// Sets the weights of the losses from {OUTPUT: FACTOR, ...}.
void read_loss_weights(const Node& node, const OutputMap& of, std::vector<OutputLoss>& losses, ErrorList& errors);

}  // namespace hgq
