// From a constant matrix to a graph of shifts and adders with few adder bits.
//
// Each weight is written in canonical signed digits, so an output is a sum of shifted inputs with signs. Pairs of terms
// that several sums share are built once (rtl/elimination.h). Before that, an output can be expressed by its difference
// from another output, along a tree over the columns of the matrix that is as short as possible (Prim), with a limited
// number of steps from its root; this helps dense matrices. `restarts` adds tries with noise in the ranking. The
// cheapest graph is then made cheaper in many small steps (rtl/rebuilding.h), which is where more time goes best.
//
//   const rtl::MatrixProblem problem{.inputs = 2, .outputs = 1, .weights = {5, 3}, .ranges = {{-8, 7}, {-8, 7}}};
//   const rtl::AdderGraph graph = rtl::solve(problem, {}, workers);     // 5 x0 + 3 x1
//
// The same problem and options give the same graph for any number of threads, unless `seconds` cuts the search short.
#pragma once

#include <cstdint>
#include <functional>
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
  /// Tries with noise, after the first few.
  int restarts = 0;
  /// Steps of rebuilding, for each adder of the graph; a half or a quarter of them with the least depth. 1 takes about
  /// as long as the first tries. From 20 on two chains of so many steps anneal, at the same time on two threads; 1,000
  /// are some 20 ms for each adder.
  double steps_per_adder = 1.2;
  uint64_t seed = 1;
  /// No try and no step begins after this time, but for the first try.
  double seconds = std::numeric_limits<double>::infinity();
  /// Called now and then during the steps, by one thread at a time, with the share of the work that is done, 0 to 1.
  std::function<void(double)> progress{};
};

/// Throws ShapeError if sizes do not agree, and ConfigError if a value can be 2^60 or more.
AdderGraph solve(const MatrixProblem& problem, const SolverOptions& options, Workers& workers);

/// The least depth in which the outputs can be computed.
int least_depth(const MatrixProblem& problem);

}  // namespace hgq::rtl
