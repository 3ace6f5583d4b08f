// The values that a quantizer gives a kernel or bias, as QKeras 0.9 computes them outside training: operation by
// operation in float32, so that the bits are the same. A proxy contains the values, so the quantizers may be of any
// kind: quantized_bits, quantized_relu, quantized_po2, quantized_relu_po2, binary, ternary and their stochastic forms,
// with any `alpha`.
//
// QKeras returns x + (q - x), which can differ from q in the last bit of float32; so do these functions.
#pragma once

#include <string>
#include <vector>

#include "hgq/core/shape.h"
#include "hgq/proxy/qkeras/quantizer_spec.h"

namespace hgq {

/// `values` must be finite and have shape `shape`. `of_kernel` says whether QKeras sets an `alpha` of None to
/// "auto_po2", as its layers do for kernels, and QBatchNormalization for gamma and variance. A quantizer without a name
/// changes nothing. An unknown quantizer, or one with arguments with which QKeras cannot compute, is an error; then the
/// values are returned unchanged.
std::vector<float> quantize_weights(const QKerasQuantizer& quantizer, bool of_kernel, const Shape& shape,
                                    std::vector<float> values, ErrorList& errors);

}  // namespace hgq
