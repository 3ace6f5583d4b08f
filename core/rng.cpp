#include "hgq/core/rng.h"

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace hgq {

uint64_t stream_of(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

double normal_double(uint64_t bits) {
  const double u = 1.0 - uniform_double(bits);  // (0, 1]
  const double v = uniform_double(mix_bits(bits));
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

void permutation_into(uint64_t seed, uint64_t stream, uint64_t step, std::span<int64_t> order) {
  std::iota(order.begin(), order.end(), int64_t{0});
  for (size_t i = order.size(); i-- > 1;) {
    // The bias of the remainder is below count / 2^64.
    const auto j = static_cast<size_t>(random_bits(seed, stream, step, i) % (i + 1));
    std::swap(order[i], order[j]);
  }
}

std::vector<int64_t> permutation(uint64_t seed, uint64_t stream, uint64_t step, int64_t count) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  permutation_into(seed, stream, step, order);
  return order;
}

}  // namespace hgq
