// Sigmoid and tanh as the firmware computes them where a proxy holds them as an Activation: hls4ml 1.3.0's tables, bit
// by bit (nnet_activation.h).
//
//   entries   ap_fixed<18, 8>: the function cut down to 10 fractional bits
//   range     [-8, 8) for sigmoid, [-4, 4) for tanh; beyond it the first or the last entry
//   spacing   2^-f, f the fraction of the input's type (the finest of the tensor): no value between two entries, unless
//             f is below 0; then places of entries are cut to multiples of 2^-f, towards 0
//
// Bits of the input beyond 10 fractional ones make the table larger, but its entries no finer. A UnaryLUT has none of
// these limits.
#pragma once

#include <cstdint>
#include <string>

#include "hgq/proxy/signal.h"

namespace hgq {

enum class HlsFunction : uint8_t { kSigmoid, kTanh };

/// Why hls4ml cannot compute the function of values of these types; empty where it can.
std::string hls_table_problem(HlsFunction function, const HlsTypes& in);

/// One value of the table for an input's type of `fraction` bits behind the point, from -3 to 20 for tanh, -4 to 20 for
/// sigmoid.
float hls_table_value(HlsFunction function, int fraction, double x);

}  // namespace hgq
