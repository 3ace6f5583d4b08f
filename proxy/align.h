// Shifts elements to a common fraction.
//
// Each element of a fixed-point value has its own fraction. Before a layer adds elements, those that share a sum (or a
// weight) are shifted to the largest fraction among them; elements that can only be 0 do not count.
//
//   fractions 3, 5, 2, the last always 0:   common fraction 5, shifts 2, 0, 0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "hgq/proxy/signal.h"

namespace hgq {

/// The fraction and the shifts after align(), which gives all elements e with the same group[e] one fraction.
struct Alignment {
  std::vector<int> fraction;  // for each group; 0 for a group whose elements are all 0
  std::vector<int> shift;     // for each element: mantissa << shift has the fraction of its group
};

/// `groups` is the number of groups; group.size() == signal.shape.size(). Throws ShapeError that begins with `where` if
/// an element needs more bits than can be computed.
Alignment align(const ProxySignal& signal, std::span<const int64_t> group, int64_t groups, std::string_view where);

/// The most bits of a term in an exact sum: a sum of up to 2^19 terms stays below 2^120.
inline constexpr int kMaxTermBits = 100;

/// Throws ShapeError "WHERE: needs N bits ..." for more than kMaxTermBits.
void check_term_bits(int bits, std::string_view where);

}  // namespace hgq
