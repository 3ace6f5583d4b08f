// Random numbers as functions of where they are used, not of when or on which thread.
//
//   const uint64_t bits = random_bits(seed, stream_of("dense_1/kernel"), step, element);
//   const float u = uniform_float(bits);                 // [0, 1)
//
// Each use has a stream of its own, named by text, so that no two uses share numbers, and a run that is continued needs
// no saved state of a generator. The bits are the same on every machine. The mixing is that of SplitMix64 (Steele, Lea,
// Flood 2014), applied once for each of the four numbers; its output passes the usual test batteries when fed with
// counters.
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

/// [0, 1) in steps of 2^-24, exactly representable, and [0, 1) in steps of 2^-53.
inline float uniform_float(uint64_t bits) { return static_cast<float>(bits >> 40U) * 0x1p-24F; }
inline double uniform_double(uint64_t bits) { return static_cast<double>(bits >> 11U) * 0x1p-53; }

/// A stream's number of its name (FNV-1a, 64 bits).
uint64_t stream_of(std::string_view name);

/// Standard normal number (Box and Muller) of two uniform ones made of `bits`.
double normal_double(uint64_t bits);

/// A permutation of 0 ... count - 1 (Fisher and Yates), a function of its arguments alone.
std::vector<int64_t> permutation(uint64_t seed, uint64_t stream, uint64_t step, int64_t count);

/// The same permutation written over `order`, without an allocation.
void permutation_into(uint64_t seed, uint64_t stream, uint64_t step, std::span<int64_t> order);

}  // namespace hgq
