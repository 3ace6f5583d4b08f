// Random numbers for the tests of rtl.
#pragma once

#include <cstdint>

#include "hgq/core/rng.h"

namespace hgq::rtl {

/// Random numbers in order.
class Draw {
 public:
  explicit Draw(uint64_t seed) : seed_(seed) {}
  int64_t operator()(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random_bits(seed_, 0, 0, next_++) % static_cast<uint64_t>(high - low + 1));
  }

 private:
  uint64_t seed_;
  uint64_t next_ = 0;
};

}  // namespace hgq::rtl
