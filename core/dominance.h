// When one of two alternatives with several costs makes the other needless: the rule of every Pareto front here.
//
//   const std::vector<double> a{3, 1}, b{3, 2};
//   const auto of = [](const std::vector<double>& costs) { return [&](std::size_t i) { return costs[i]; }; };
//   const bool needless = dominates(2, of(a), of(b));  // b costs as much in the first, and more in the second
#pragma once

#include <cstddef>

namespace hgq {

/// Whether `a` costs at most as much as `b` in each of `count` respects, and less in one. `a` and `b` are functions of
/// the number of the respect; no cost may be NaN.
template <typename CostA, typename CostB>
bool dominates(std::size_t count, CostA a, CostB b) {
  bool less = false;
  for (std::size_t i = 0; i < count; ++i) {
    const double x = a(i), y = b(i);
    if (x > y) return false;
    less = less || x < y;
  }
  return less;
}

}  // namespace hgq
