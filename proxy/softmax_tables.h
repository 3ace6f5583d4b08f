// Softmax as the firmware computes it: hls4ml 1.3.0's "stable" implementation, bit by bit.
//
//   d = largest - x                    exact, modulo 2^bits of the input's type, its sign not counted
//   e = exp table[upper bits of d]     entries ap_fixed<18, 8, RND, SAT>: exp(-d), of float32
//   s = sum of e                       in ap_fixed<18, 8, RND, SAT>
//   y = e * 1/x table[upper bits of s] entries ap_fixed<18, 8, RND, SAT>; the product has 20 fractional bits
//
// Both tables have `entries` at most, a power of two: of the 18 bits of s only the upper log2(entries) count, 8 of them
// in front of the point, so with 1024 entries 1/s is off by up to a fifth, with 4096 by up to 6 %. hls4ml takes the
// sum's type (accum) from the model's default precision where it is not told; tools/to_hls4ml.py tells it the above.
#pragma once

#include <string_view>

#include "hgq/proxy/signal.h"

namespace hgq {

inline constexpr int64_t kMostSoftmaxEntries = 1 << 18;

/// Softmax of fixed-point values, as hls4ml takes it: over all values of a sample, also where it has several dims, of
/// which Keras takes the last. Throws ShapeError that begins with `where` for values that are no
/// fixed-point numbers, types of more than 30 bits, and numbers of entries that are no power of two from 2 on.
ProxyPlan softmax_tables_plan(const ProxySignal& input, int64_t entries, std::string_view where);

}  // namespace hgq
