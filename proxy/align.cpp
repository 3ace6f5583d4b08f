#include "hgq/proxy/align.h"

#include <algorithm>
#include <limits>

#include "hgq/core/error.h"

namespace hgq {

void check_term_bits(int bits, std::string_view where) {
  HGQ_CHECK(bits <= kMaxTermBits, ShapeError, where, ": an exact sum here has terms of ", bits, " bits, more than the ",
            kMaxTermBits,
            " that can be computed; are the widths of its weights and of the quantizers before it right?");
}

Alignment align(const ProxySignal& signal, std::span<const int64_t> group, int64_t groups, std::string_view where) {
  constexpr int kNone = std::numeric_limits<int>::min();
  Alignment out;
  out.fraction.assign(static_cast<size_t>(groups), kNone);
  for (size_t e = 0; e < group.size(); ++e) {
    int& largest = out.fraction[static_cast<size_t>(group[e])];
    if (!signal.always_zero(static_cast<int64_t>(e))) largest = std::max(largest, signal.fraction[e]);
  }
  for (size_t e = 0; e < group.size(); ++e) {
    const bool zero = signal.always_zero(static_cast<int64_t>(e));
    out.shift.push_back(zero ? 0 : out.fraction[static_cast<size_t>(group[e])] - signal.fraction[e]);
    const int bits = std::max(mantissa_bits(signal.low[e]), mantissa_bits(signal.high[e]));
    check_term_bits(bits + out.shift.back(), where);
  }
  std::ranges::replace(out.fraction, kNone, 0);
  return out;
}

}  // namespace hgq
