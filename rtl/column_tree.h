// Which output of a matrix is built from which: a tree over its columns with few signed digits in the differences.
#pragma once

#include <cstdint>
#include <vector>

#include "hgq/rtl/solver.h"

namespace hgq::rtl {

struct ColumnTree {
  std::vector<int> parent;       // of each column; -1: built from nothing
  std::vector<char> is_negated;  // the column is -parent plus a difference
  int64_t digits = 0;            // of all differences, and one for each column with a parent
  std::vector<int> steps;        // from the root: 1 for a column without a parent
};

/// Prim's algorithm. A column is at most `most_steps` from the root, which stands for zero.
ColumnTree column_tree(const MatrixProblem& problem, int most_steps);

}  // namespace hgq::rtl
