// How often each class is taken for which: a row for each true class, a column for each class that the model says, a
// shade for the share of the row.
//
//   const report::Figure figure = report::confusion_matrix(
//       {.title = "Confusion", .classes = {"gamma", "hadron"}, .counts = {{90, 10}, {25, 75}}});
//
// Of up to 16 classes the shares are written into the cells. More than 128 are drawn in blocks of neighbours. The table
// has all numbers of up to 16 classes, of more the most frequent mistakes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hgq/report/figure.h"

namespace hgq::report {

struct ConfusionMatrix {
  std::string title;
  std::vector<std::string> classes;
  std::vector<std::vector<int64_t>> counts{};  // [true][said], none below 0
  std::string caption{};
};

/// Throws ShapeError unless there is a row and a column for each class.
Figure confusion_matrix(const ConfusionMatrix& matrix);

}  // namespace hgq::report
