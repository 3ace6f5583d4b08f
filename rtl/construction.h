// One way to build the graph of a matrix from nothing.
//
// Each column is written as digits of the inputs, or as a column before it in a tree plus digits of the difference
// (rtl/column_tree.h). What these sums have in common is eliminated, then the rest is added up.
#pragma once

#include <optional>
#include <vector>

#include "hgq/rtl/elimination.h"
#include "hgq/rtl/solver.h"

namespace hgq::rtl {

struct Way {
  int steps = 1;  // of the tree over the columns
  Ranking ranking{};
};

struct Solution {
  AdderGraph graph;
  AdderCost cost;
  Way way;
};

/// `limit`: the depth that no output exceeds; from kUnlimitedDepth on any. Nothing if this way needs more depth;
/// without a tree (1 step) that is more than least_depth().
std::optional<Solution> construct(const MatrixProblem& problem, const std::vector<int>& arrivals, int limit,
                                  const Way& way);

/// Whether a column has negative digits alone: without a bias it is then 0 minus a sum.
bool is_negative(const MatrixProblem& problem, size_t column);

}  // namespace hgq::rtl
