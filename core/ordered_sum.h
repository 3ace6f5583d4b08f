// Sums in an order that depends on the number of terms alone.
//
// Term i is added to partial sum i mod 16, in double, and the partial sums are added pairwise at the end: ((0+8) +
// (4+12)) + ... So the result is the same for any number of threads, vector width and compiler, and the loop can still
// use vector registers.
//
//   const double squares = ordered_sum(n, [&](int64_t i) { return double{g[i]} * double{g[i]}; });
#pragma once

#include <array>
#include <cstdint>

namespace hgq {

/// term(0) + term(1) + ... + term(count - 1), where each term is a double; 0 if `count` is 0.
template <typename Term>
double ordered_sum(int64_t count, Term term) {
  constexpr int64_t kSums = 16;
  std::array<double, kSums> sums{};
  int64_t i = 0;
  for (; i + kSums <= count; i += kSums) {
#pragma omp simd
    for (int64_t s = 0; s < kSums; ++s) sums[static_cast<size_t>(s)] += term(i + s);
  }
  for (int64_t s = 0; i + s < count; ++s) sums[static_cast<size_t>(s)] += term(i + s);
  for (size_t half = kSums / 2; half > 0; half /= 2) {
    for (size_t s = 0; s < half; ++s) sums[s] += sums[s + half];
  }
  return sums[0];
}

}  // namespace hgq
