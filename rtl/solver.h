// From a constant matrix to a graph of shifts and adders with few adder bits.
//
// Each weight is written in canonical signed digits, so an output is a sum of shifted inputs with signs. Pairs of terms
// that several sums share are built once (rtl/elimination.h). Before that, an output can be expressed by its difference
// from another output, along a tree over the columns of the matrix that is as short as possible (Prim), with a limited
// number of steps from its root; this helps dense matrices. Which of the ways is best cannot be told beforehand, so
// several are tried and the cheapest graph is kept; `restarts` adds tries with noise in the ranking.
//
//   const rtl::MatrixProblem problem{.inputs = 2, .outputs = 1, .weights = {5, 3}, .ranges = {{-8, 7}, {-8, 7}}};
//   const rtl::AdderGraph graph = rtl::solve(problem, {}, workers);     // 5 x0 + 3 x1
//
// The same problem and options give the same graph for any number of threads, unless `seconds` cuts the search short.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/rtl/adder_graph.h"

namespace hgq::rtl {

struct MatrixProblem {
  int inputs = 0;
  int outputs = 0;
  std::vector<int64_t> weights;  // [input][output]
  std::vector<Interval> ranges;  // of each input
  std::vector<int> arrivals{};   // of each input: the depth at which it is there; empty: 0
  std::vector<int64_t> bias{};   // added to each output; empty: 0
  std::vector<int> needed{};     // of each output: bits that are read, from below; -1: all; empty: all
};

struct SolverOptions {
  /// How much deeper than the least possible depth the graph may be; nullopt: as deep as it likes.
  std::optional<int> extra_depth{};
  /// Tries with noise, after the first twelve (three for a matrix of more than 2^14 weights).
  int restarts = 0;
  uint64_t seed = 1;
  /// No try begins after this time.
  double seconds = std::numeric_limits<double>::infinity();
};

/// Throws ShapeError if sizes do not agree, and ConfigError if a value can be 2^60 or more.
AdderGraph solve(const MatrixProblem& problem, const SolverOptions& options, Workers& workers);

/// The least depth in which the outputs can be computed.
int least_depth(const MatrixProblem& problem);

}  // namespace hgq::rtl
