// The bit widths of a kernel as a picture: a row for each input, a column for each unit, a shade for each number of
// bits. 0 bits are hatched on white: nothing is built there.
//
//   const std::vector<int> bits{3, 0, 2, 4};
//   const report::Figure figure = report::heat_map({.title = "Kernel of dense", .rows = 2, .columns = 2, .bits = bits});
//
// A kernel of more than 160 x 96 weights is drawn in blocks, each with the mean of its bits; a block is hatched if all
// of it is pruned.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hgq/report/figure.h"

namespace hgq::report {

struct HeatMap {
  std::string title;
  int64_t rows = 0, columns = 0;
  std::vector<int> bits;           // row-major, none below 0
  std::string row_name = "input";  // what a row and a column are
  std::string column_name = "unit";
};

Figure heat_map(const HeatMap& map);

}  // namespace hgq::report
