// Sums in an order that depends on the number of terms alone.
//
// Term i goes to partial sum i mod 16; these are added pairwise at the end: ((0+8) + (4+12)) + ... So the result is the
// same for any number of threads, vector width and compiler, while the loop still runs on vector registers. Terms are
// added in double.
//
//   const double squares = lane_sum(n, [&](int64_t i) { return double{g[i]} * double{g[i]}; });
#pragma once

#include <array>
#include <cstdint>

namespace hgq {

/// term(0) + term(1) + ... + term(count - 1), each term a double; 0 for no terms.
template <typename Term>
double lane_sum(int64_t count, Term term) {
  constexpr int64_t kLanes = 16;
  std::array<double, kLanes> lanes{};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
#pragma omp simd
    for (int64_t lane = 0; lane < kLanes; ++lane) lanes[static_cast<size_t>(lane)] += term(i + lane);
  }
  for (int64_t lane = 0; i + lane < count; ++lane) lanes[static_cast<size_t>(lane)] += term(i + lane);
  for (size_t half = kLanes / 2; half > 0; half /= 2) {
    for (size_t lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
  }
  return lanes[0];
}

}  // namespace hgq
