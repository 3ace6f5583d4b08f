#include "hgq/rtl/adder_of_three.h"

namespace hgq::rtl {

uint64_t init_of_three(int subtracted) {
  uint64_t init = 0;
  for (unsigned code = 0; code < 32; ++code) {
    unsigned ones = 0;
    for (unsigned i = 0; i < 3; ++i) ones += (code >> i & 1U) ^ (i >= 3U - static_cast<unsigned>(subtracted) ? 1U : 0U);
    const unsigned k = code >> 3 & 1U;
    init |= uint64_t{ones >= 2 ? 1U : 0U} << code;
    init |= uint64_t{(ones + k) & 1U} << (code + 32);
  }
  return init;
}

}  // namespace hgq::rtl
