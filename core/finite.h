// Whether numbers from a file or a computation can be used.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

namespace hgq {

/// Whether all values are finite: neither infinite nor NaN.
inline bool all_finite(std::span<const float> values) {
  return std::ranges::all_of(values, [](float v) { return std::isfinite(v); });
}

}  // namespace hgq
