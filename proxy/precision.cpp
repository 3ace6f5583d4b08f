#include "hgq/proxy/precision.h"

#include <algorithm>

namespace hgq {

int bits_needed(const ProxySignal& signal) {
  int bits = 0;
  for (size_t e = 0; e < signal.low.size(); ++e) {
    if (signal.always_zero(static_cast<int64_t>(e))) continue;
    bits = std::max({bits, mantissa_bits(signal.low[e]), mantissa_bits(signal.high[e])});
  }
  return bits;
}

}  // namespace hgq
