// What a quantizer of QKeras 0.9 after a layer is: a function of Keras, a fixed-point type, or both (quantization.md
// 3.4).
//
//   quantized_bits(b, i, symmetric, keep_negative)             type (k, b, i + k), RND_CONV, saturating
//   quantized_relu(b, i)                                       relu, then type (0, b, i), RND_CONV, SAT
//   quantized_tanh(b)                                          type (1, b, 1): QKeras' tanh is x, limited to -1 ... 1
//   quantized_tanh(b, use_real_tanh=True), quantized_sigmoid   a function as a table, then type (1, b, 1) or (0, b, 0)
//   "relu", "tanh" ...                                         only the function
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "hgq/autograd/unary_function.h"
#include "hgq/core/fixed_point.h"
#include "hgq/proxy/qkeras/quantizer_spec.h"

namespace hgq {

struct QKerasActivation {
  std::string function = "linear";  // a name for ProxyBuilder::add_activation()
  std::optional<Kbi> type;          // none: nothing is quantized
  Overflow overflow = Overflow::kSat;
  std::shared_ptr<const ops::UnaryFunction> table{};  // the function, if it must become a table, which is exact

  bool is_linear() const { return function == "linear" && !type; }
};

/// `overflow` is the mode for quantized_bits that is not symmetric. Adds an error, which says what to do, for a
/// quantizer that a FixedPointQuantizer cannot represent: an alpha other than 1, powers of two, binary and ternary, a
/// leaky or bounded ReLU.
QKerasActivation qkeras_activation(const QKerasQuantizer& quantizer, Overflow overflow, ErrorList& errors);

}  // namespace hgq
