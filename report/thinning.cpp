#include "hgq/report/thinning.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace hgq::report {

std::vector<size_t> thinned(std::span<const double> y, size_t runs) {
  std::vector<size_t> kept;
  if (y.size() <= 2 * runs + 2) {
    for (size_t i = 0; i < y.size(); ++i) kept.push_back(i);
    return kept;
  }
  std::set<size_t> chosen{0, y.size() - 1};
  for (size_t run = 0; run < runs; ++run) {
    const size_t begin = run * y.size() / runs;
    const size_t end = (run + 1) * y.size() / runs;
    size_t least = end;
    size_t largest = end;
    size_t gap = end;
    for (size_t i = begin; i < end; ++i) {
      if (std::isnan(y[i])) {
        gap = std::min(gap, i);
        continue;
      }
      if (least == end || y[i] < y[least]) least = i;
      if (largest == end || y[i] > y[largest]) largest = i;
    }
    for (const size_t i : {least, largest, gap}) {
      if (i != end) chosen.insert(i);
    }
  }
  return {chosen.begin(), chosen.end()};
}

std::vector<size_t> spaced(size_t count, size_t most) {
  std::vector<size_t> rows;
  if (count <= most || most < 2) {
    for (size_t i = 0; i < count; ++i) rows.push_back(i);
    return rows;
  }
  for (size_t i = 0; i < most; ++i) rows.push_back(i * (count - 1) / (most - 1));
  return rows;
}

}  // namespace hgq::report
