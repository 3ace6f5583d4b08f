// The models of many runs over their cost: points with a colour and a shape for each run, those that no other one beats
// joined. Runs without a look of their own are pale.
//
//   report::FrontChart chart{.title = "accuracy over BOPs", .x_label = "BOPs", .y_label = "val_accuracy", .runs = {"a"}};
//   chart.points.push_back({.x = 900, .y = 0.8, .run = 0, .is_on_front = true, .tip = "a, epoch 3", .label = "a"});
//   const report::Figure figure = report::front_chart(chart);
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "hgq/report/drawing.h"
#include "hgq/report/figure.h"

namespace hgq::report {

/// How many runs can be told apart: six colours in five shapes, of which lines of curves have four patterns.
inline constexpr size_t kLooks = 20;
MarkShape shape_of(size_t look);

struct ChartPoint {
  double x = 0, y = 0;
  size_t run = 0;  // index of FrontChart::runs
  bool is_on_front = false;
  std::string tip;      // shown under the mouse
  std::string label{};  // beside a point of the front, where there is room
};

struct FrontChart {
  std::string title;
  std::string x_label, y_label;
  std::vector<std::string> runs;               // names
  std::vector<std::optional<size_t>> looks{};  // of each run; empty: their own numbers
  std::vector<ChartPoint> points{};
  std::string caption{};
};

/// Points that are not finite are left out. The table is empty. Throws ShapeError if a point is of no run.
Figure front_chart(const FrontChart& chart);

}  // namespace hgq::report
