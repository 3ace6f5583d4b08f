// How often values of a continuous quantity fall into bins: residuals.
//
//   const report::Figure figure = report::histogram(
//       {.title = "energy", .x_label = "prediction - target", .edges = {-1, 0, 1}, .counts = {40, 60}});
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hgq/report/figure.h"

namespace hgq::report {

struct Histogram {
  std::string title;
  std::string x_label;
  std::vector<double> edges;    // ascending, one more than bins
  std::vector<int64_t> counts;  // of the bins
  std::string caption{};
};

/// Throws ShapeError if there are not as many edges as that.
Figure histogram(const Histogram& histogram);

}  // namespace hgq::report
