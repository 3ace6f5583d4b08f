// Bars: amounts by name, and how often each number of bits occurs.
//
//   const report::Figure bops = report::bar_chart(
//       {.title = "BOPs per layer", .unit = "BOPs", .bars = {{"dense", 803}, {"out", 88}}});
//   const std::vector<int> widths{0, 2, 2, 3};
//   const report::Figure bits = report::bit_histogram("Weights of dense", "weights", widths);
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hgq/report/figure.h"

namespace hgq::report {

struct BarChart {
  std::string title;
  std::string unit;                                  // of the values, for the table and the text alternative
  std::vector<std::pair<std::string, double>> bars;  // names and values from 0, from top to bottom
  std::string caption{};
  bool is_share = false;  // values from 0 to 1, which do not add up: recalls
};

/// Horizontal bars with name and value. Of more than 60 the largest 60 are drawn, of shares the least; the table has
/// all.
Figure bar_chart(const BarChart& chart);

/// A histogram of whole numbers of bits; 0 bits are hatched, as they are pruned. `what` is what is counted, "weights",
/// and `zero` what those of 0 bits are.
Figure bit_histogram(const std::string& title, const std::string& what, std::span<const int> bits,
                     const std::string& zero = "pruned");

}  // namespace hgq::report
