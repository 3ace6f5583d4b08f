// Points in two dimensions: the front of accuracy over cost, with the epochs as labels.
//
//   report::Scatter front{.title = "Front", .x_label = "BOPs", .y_label = "val_accuracy"};
//   front.sets.push_back({.name = "front", .x = {1458, 5159}, .y = {0.82, 0.85}, .labels = {"30", "20"}});
//   const report::Figure figure = report::scatter(front);
//
// A label is drawn where it fits: none covers a point or another label; of many points some remain without. All of them
// are in the table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hgq/report/figure.h"

namespace hgq::report {

enum class Mark : uint8_t {
  kPoint,    // a disc, joined by lines with the next one in x
  kCloud,    // small and pale, for many; without labels
  kDiamond,  // stands out
};

struct PointSet {
  std::string name;
  std::vector<double> x, y;
  std::vector<std::string> labels{};  // beside the points; empty, or one for each
  Mark mark = Mark::kPoint;
  std::string y_label{};  // what the y of these points are, if not Scatter::y_label
};

struct Scatter {
  std::string title;
  std::string x_label, y_label;
  std::vector<PointSet> sets;
  std::string label_name{};  // what the labels are, for the table: "epoch"
  std::string caption{};
};

Figure scatter(const Scatter& scatter);

}  // namespace hgq::report
