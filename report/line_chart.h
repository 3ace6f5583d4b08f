// Curves over one horizontal axis: losses and metrics over the epochs.
//
//   report::LineChart chart{.title = "Loss", .x_label = "epoch", .y_label = "loss"};
//   chart.series.push_back({.name = "training", .x = {1, 2, 3}, .y = {0.9, 0.5, 0.4}});
//   const report::Figure figure = report::line_chart(chart);
//
// A NaN or an infinity leaves a gap in its curve. A curve of more than 602 points (fewer of many curves) is thinned
// (report/thinning.h), which the caption tells; the table has at most 100 rows.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "hgq/report/figure.h"

namespace hgq::report {

struct Series {
  std::string name;
  std::vector<double> x, y;  // of one length, x ascending
  /// Which of 24 lines it is, six colours in four patterns; its place among the series if not given.
  std::optional<size_t> look{};
};

struct LineChart {
  std::string title;
  std::string x_label, y_label;
  std::vector<Series> series;  // at most 24: more have no lines of their own
  std::string caption{};
};

Figure line_chart(const LineChart& chart);

}  // namespace hgq::report
