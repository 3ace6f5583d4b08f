// The key train.class_weight of a config.
//
//   class_weight: balanced
//   class_weight: {gamma: 1, hadron: 3}           # by label, or by the number of the class
//   class_weight: {jet: balanced, charge: {0: 1, 1: 2}}
#pragma once

#include <vector>

#include "hgq/apps/output_map.h"
#include "hgq/config/node.h"
#include "hgq/data/class_weights.h"

namespace hgq {

/// The weights for each output, in the order of the outputs.
std::vector<ClassWeights> read_class_weights(const Node& node, const OutputMap& of, ErrorList& errors);

}  // namespace hgq
