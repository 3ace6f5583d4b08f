// Activation layers of Keras that are given as objects where a function is expected: Activation(ReLU()),
// QDense(activation=Softmax()). In files they are {class_name: ReLU, config: {max_value: null, negative_slope: 0,
// threshold: 0}}.
#pragma once

#include <string>

#include "hgq/config/node.h"

namespace hgq {

/// The function of such an object: a name of Keras ("relu", "softmax"), or a formula in x for ReLU with its three
/// arguments, LeakyReLU, ELU and ThresholdedReLU. An Activation or QActivation gives the function inside it. Everything
/// else is returned unchanged.
Node plain_activation(const Node& activation);

}  // namespace hgq
