// What a quantizer of QKeras 0.9 is behind a layer: a function of Keras, a fixed-point type, or both (spec 3.4).
//
//   quantized_bits(b, i, symmetric, keep_negative, alpha=1)    type (k, b, i + k), RND_CONV, saturating
//   quantized_relu(b, i)                                       relu, then type (0, b, i), RND_CONV, SAT
//   "relu", "tanh" ...                                         the function alone
#pragma once

#include <optional>
#include <string>

#include "hgq/core/fixed_point.h"
#include "hgq/layers/qkeras/quantizer_spec.h"

namespace hgq {

struct QKerasActivation {
  std::string function = "linear";  // as ProxyBuilder::add_activation takes it
  std::optional<Kbi> type;          // none: nothing is quantized
  Overflow overflow = Overflow::kSat;

  bool is_linear() const { return function == "linear" && !type; }
};

/// `overflow`: of quantized_bits that is not symmetric. Adds an error that says what to do for a quantizer that a
/// FixedPointQuantizer can not be: an alpha other than 1, powers of two, binary and ternary, a leaky or bounded ReLU.
QKerasActivation qkeras_activation(const QKerasQuantizer& quantizer, Overflow overflow, ErrorList& errors);

}  // namespace hgq
