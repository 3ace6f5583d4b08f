// Random numbers as functions of where they are used, not of when or on which thread.
//
//   const uint64_t bits = random_bits(seed, stream_of("dense_1/kernel"), step, element);
//   const float u = uniform_float(bits);                 // [0, 1)
//
// Each use has a stream of its own, which has a name, so that no two uses share numbers. A run that is resumed needs no
// saved state of a generator. The bits are the same on every machine. The bits are mixed as in SplitMix64 (Steele, Lea,
// Flood 2014), once for each of the four numbers; its output for a counter passes the usual statistical tests.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace hgq {

inline uint64_t mix_bits(uint64_t z) {
  z += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

/// 64 random bits.
inline uint64_t random_bits(uint64_t seed, uint64_t stream, uint64_t step, uint64_t element) {
  return mix_bits(mix_bits(mix_bits(mix_bits(seed) ^ stream) ^ step) ^ element);
}

/// A number in [0, 1): a multiple of 2^-24, exact in float32, or a multiple of 2^-53.
inline float uniform_float(uint64_t bits) { return static_cast<float>(bits >> 40U) * 0x1p-24F; }
inline double uniform_double(uint64_t bits) { return static_cast<double>(bits >> 11U) * 0x1p-53; }

/// The number of a stream, a hash of its name (FNV-1a, 64 bits).
uint64_t stream_of(std::string_view name);

/// A standard normal number, from two uniform numbers that are made from `bits` (Box and Muller).
double normal_double(uint64_t bits);

/// A permutation of 0 ... count - 1 (Fisher and Yates), a function of its arguments alone.
std::vector<int64_t> permutation(uint64_t seed, uint64_t stream, uint64_t step, int64_t count);

/// The same permutation written over `order`, without an allocation.
void permutation_into(uint64_t seed, uint64_t stream, uint64_t step, std::span<int64_t> order);

}  // namespace hgq
