// Bringing elements to a common binary point.
//
// Elements of a fixed-point value have fractions of their own. Where a layer adds them up, those that share a sum (or a
// weight) are shifted to the largest fraction among them first; elements that can only be 0 do not count.
//
//   fractions 3, 5, 2, the last always 0:   common fraction 5, shifts 2, 0, 0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "hgq/proxy/signal.h"

namespace hgq {

/// Elements e with equal group[e] are brought to one fraction.
struct Alignment {
  std::vector<int> fraction;  // by group; 0 for one whose elements are all 0
  std::vector<int> shift;     // by element: mantissa << shift has the fraction of the group
};

/// `groups`: number of groups; group.size() == signal.shape.size(). Throws ShapeError that begins with `where` if an
/// element needs more bits than can be computed.
Alignment align(const ProxySignal& signal, std::span<const int64_t> group, int64_t groups, std::string_view where);

/// Most bits of a term in an exact sum; with up to 2^19 of them a sum stays below 2^120.
inline constexpr int kMaxTermBits = 100;

/// Throws ShapeError "WHERE: needs N bits ..." beyond kMaxTermBits.
void check_term_bits(int bits, std::string_view where);

}  // namespace hgq
