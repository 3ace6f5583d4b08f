// Fewer points for a long curve, without losing a peak: of each run of neighbours the least and the largest are kept,
// and the first and the last of all.
//
//   const std::vector<double> loss(10000, 1.0);
//   const std::vector<size_t> kept = report::thinned(loss, 300);     // indices, ascending, at most 602
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace hgq::report {

/// The indices of the points to draw: all of them if there are at most 2 * `runs` + 2. A NaN counts as a gap: of a run
/// that has one, its first NaN is kept, too.
std::vector<size_t> thinned(std::span<const double> y, size_t runs);

/// At most `most` of `count` rows at equal distances, with the first and the last.
std::vector<size_t> spaced(size_t count, size_t most);

}  // namespace hgq::report
