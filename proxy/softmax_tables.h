// Softmax as the firmware computes it: hls4ml 1.3.0's "stable" implementation, bit by bit.
//
//   d = largest - x                    exact, modulo 2^bits of the input's type, its sign not counted
//   e = exp table[upper bits of d]     entries ap_fixed<18, 8, RND, SAT>: exp(-d), of float32
//   s = sum of e                       in ap_fixed<18, 8, RND, SAT>
//   y = e * 1/x table[upper bits of s] entries ap_fixed<18, 8, RND, SAT>; the product has 20 fractional bits
//
// Both tables have at most `entries` entries, a power of two. Of the 18 bits of s, only the upper log2(entries) are
// used, 8 of them before the point; so the error of 1/s is up to a fifth with 1024 entries, and up to 6 % with 4096. If
// the type of the sum (accum) is not set, hls4ml uses the default precision of the model; tools/to_hls4ml.py sets the
// type above.
#pragma once

#include <string_view>

#include "hgq/proxy/signal.h"

namespace hgq {

inline constexpr int64_t kMostSoftmaxEntries = 1 << 18;

/// The softmax of fixed-point values as hls4ml computes it: over all values of a sample, even if it has several
/// dimensions, whereas Keras takes the last dimension. Throws ShapeError, with a message that begins with `where`, for
/// values that are not fixed-point numbers, types of more than 30 bits, and a number of entries that is not a power of
/// two, at least 2.
ProxyPlan softmax_tables_plan(const ProxySignal& input, int64_t entries, std::string_view where);

}  // namespace hgq
