// The values that a kernel or bias has behind its quantizer, as QKeras 0.9 computes them outside training: operation by
// operation in float32, so that they are the same bits. A proxy holds the values, so the quantizers may be of any kind:
// quantized_bits, quantized_relu, quantized_po2, quantized_relu_po2, binary, ternary and their stochastic forms, with
// any `alpha`.
//
// QKeras returns x + (q - x), which for small x may miss q by the last bit of float32; so do these.
#pragma once

#include <string>
#include <vector>

#include "hgq/core/shape.h"
#include "hgq/proxy/qkeras/quantizer_spec.h"

namespace hgq {

/// `values`, finite, of `shape`. `of_kernel`: whether QKeras sets an `alpha` of None to "auto_po2", as its layers do
/// for kernels, and QBatchNormalization for gamma and variance. A quantizer without a name changes nothing. One that is
/// not known, or has arguments that QKeras cannot compute with, is an error; the values then come back as they are.
std::vector<float> quantize_weights(const QKerasQuantizer& quantizer, bool of_kernel, const Shape& shape,
                                    std::vector<float> values, ErrorList& errors);

}  // namespace hgq
