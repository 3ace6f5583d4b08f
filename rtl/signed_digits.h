// Canonical signed digits: a number as a sum of powers of two with signs, no two of them next to each other, which is
// the fewest there can be. 7 = 8 - 1, 11 = 16 - 4 - 1.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace hgq::rtl {

struct Digit {
  int shift = 0;
  bool negative = false;
};

inline std::vector<Digit> signed_digits(int64_t value) {
  std::vector<Digit> digits;
  for (int shift = 0; value != 0; ++shift) {
    if ((value & 1) != 0) {
      const bool negative = (value & 3) == 3;
      digits.push_back({shift, negative});
      value += negative ? 1 : -1;
    }
    value /= 2;
  }
  return digits;
}

/// How many there are: the bits in which v and 3 v differ are those of the digits, shifted by one.
inline int count_signed_digits(int64_t value) {
  const uint64_t magnitude = static_cast<uint64_t>(value < 0 ? -value : value);
  return std::popcount(magnitude ^ (3 * magnitude));
}

}  // namespace hgq::rtl
