#include "hgq/rtl/solver.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/rtl/construction.h"
#include "hgq/rtl/search.h"
#include "hgq/rtl/signed_digits.h"

namespace hgq::rtl {
namespace {

constexpr uint64_t kLargest = uint64_t{1} << 60U;

uint64_t power_of_two(int exponent) { return uint64_t{1} << static_cast<unsigned>(exponent); }

int log2_up(uint64_t value) { return value <= 1 ? 0 : static_cast<int>(std::bit_width(value - 1)); }

void check(const MatrixProblem& problem, const std::vector<int>& arrivals) {
  const auto inputs = static_cast<size_t>(problem.inputs);
  const auto outputs = static_cast<size_t>(problem.outputs);
  const bool sizes_agree = problem.inputs >= 0 && problem.outputs > 0 && problem.weights.size() == inputs * outputs &&
                           problem.ranges.size() == inputs && arrivals.size() == inputs &&
                           (problem.bias.empty() || problem.bias.size() == outputs) &&
                           (problem.needed.empty() || problem.needed.size() == outputs);
  HGQ_CHECK(sizes_agree, ShapeError, "a matrix of ", problem.inputs, " x ", problem.outputs, " with ",
            problem.weights.size(), " weights, ", problem.ranges.size(), " ranges, ", arrivals.size(),
            " arrival times, ", problem.bias.size(), " biases and ", problem.needed.size(), " numbers of bits");
  const auto magnitude = [](int64_t value) {
    return value < 0 ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
  };
  for (size_t j = 0; j < outputs; ++j) {
    uint64_t most = problem.bias.empty() ? 0 : magnitude(problem.bias[j]);
    for (size_t i = 0; i < inputs; ++i) {
      const Interval& x = problem.ranges[i];
      HGQ_CHECK(x.low <= x.high, ShapeError, "input ", i, ": the range [", x.low, ", ", x.high, "] is empty");
      // The digits of a weight reach up to twice its value.
      const uint64_t weight = 2 * std::min(magnitude(problem.weights[i * outputs + j]), kLargest);
      const uint64_t value = std::max(magnitude(x.low), magnitude(x.high));
      const bool is_small = value == 0 || weight <= (kLargest - 1) / value;
      most += is_small ? weight * value : kLargest;
      HGQ_CHECK(most < kLargest, ConfigError, "output ", j,
                ": its values can be 2^60 or more; expected smaller weights or inputs");
    }
  }
}

int least_depth_of(const MatrixProblem& problem, const std::vector<int>& arrivals) {
  const auto columns = static_cast<size_t>(problem.outputs);
  int depth = 0;
  for (size_t j = 0; j < columns; ++j) {
    const bool has_bias = !problem.bias.empty() && problem.bias[j] != 0;
    uint64_t weight = has_bias || is_negative(problem, j) ? 1 : 0;
    for (size_t i = 0; i < arrivals.size(); ++i)
      weight +=
          static_cast<uint64_t>(count_signed_digits(problem.weights[i * columns + j])) * power_of_two(arrivals[i]);
    depth = std::max(depth, log2_up(weight));
  }
  return depth;
}

std::vector<int> arrivals_of(const MatrixProblem& problem) {
  return problem.arrivals.empty() ? std::vector<int>(static_cast<size_t>(problem.inputs), 0) : problem.arrivals;
}

/// The same problem, in which what inputs of a single value contribute is in the bias. The search compares graphs by
/// their weights, and would take a graph with another weight of such an input for another matrix.
MatrixProblem without_constants(const MatrixProblem& problem) {
  MatrixProblem reduced = problem;
  const auto outputs = static_cast<size_t>(problem.outputs);
  if (std::ranges::none_of(problem.ranges, [](const Interval& x) { return x.low == x.high; })) return reduced;
  reduced.bias.resize(outputs);
  for (size_t i = 0; i < problem.ranges.size(); ++i) {
    const int64_t value = problem.ranges[i].low;
    if (value != problem.ranges[i].high) continue;
    for (size_t j = 0; j < outputs; ++j) {
      int64_t& weight = reduced.weights[i * outputs + j];
      reduced.bias[j] += value * weight;
      weight = 0;
    }
    reduced.ranges[i] = {0, 0};
  }
  return reduced;
}

}  // namespace

int least_depth(const MatrixProblem& problem) {
  return least_depth_of(without_constants(problem), arrivals_of(problem));
}

AdderGraph solve(const MatrixProblem& problem, const SolverOptions& options, Workers& workers) {
  const std::vector<int> arrivals = arrivals_of(problem);
  check(problem, arrivals);
  const MatrixProblem reduced = without_constants(problem);
  const int limit = options.extra_depth
                        ? std::min(least_depth_of(reduced, arrivals) + *options.extra_depth, kUnlimitedDepth)
                        : kUnlimitedDepth;
  AdderGraph graph = search(reduced, arrivals, limit, options, workers);
  for (size_t i = 0; i < problem.ranges.size(); ++i) graph.nodes[i].range = problem.ranges[i];  // inputs come first
  return graph;
}

}  // namespace hgq::rtl
