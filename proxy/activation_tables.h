// Sigmoid and tanh as the firmware computes them for an Activation in a proxy: from the tables of hls4ml 1.3.0, bit by
// bit (nnet_activation.h).
//
//   entries   ap_fixed<18, 8>: the function, truncated to 10 fractional bits
//   range     [-8, 8) for sigmoid, [-4, 4) for tanh; out of range the first or the last entry
//   spacing   2^-f, where f is the fraction of the input's type (the largest of the tensor), so that no value lies
//             between two entries; if f is below 0, the places of entries are rounded toward 0 to multiples of 2^-f
//
// More than 10 fractional bits of the input make the table larger, but its entries are not more precise. A UnaryLUT has
// none of these limits.
#pragma once

#include <cstdint>
#include <string>

#include "hgq/proxy/signal.h"

namespace hgq {

enum class HlsFunction : uint8_t { kSigmoid, kTanh };

/// Why hls4ml cannot compute the function for values of these types; empty if it can.
std::string hls_table_problem(HlsFunction function, const HlsTypes& in);

/// The value of the table for the input x. `fraction` is the number of fractional bits of the input's type, from -3 to
/// 20 for tanh, and from -4 to 20 for sigmoid.
float hls_table_value(HlsFunction function, int fraction, double x);

}  // namespace hgq
