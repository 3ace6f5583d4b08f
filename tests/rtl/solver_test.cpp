#include "hgq/rtl/solver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "draw.h"
#include "hgq/core/clock.h"
#include "hgq/core/error.h"
#include "hgq/rtl/column_tree.h"
#include "hgq/rtl/signed_digits.h"

namespace hgq::rtl {
namespace solver_test {

using ::testing::HasSubstr;

/// The graph computes the matrix, and what is said of its nodes is true: intervals, lowest bits, depths, costs.
void expect_right(const MatrixProblem& problem, const AdderGraph& graph, Draw& draw) {
  const auto inputs = static_cast<size_t>(problem.inputs);
  const auto outputs = static_cast<size_t>(problem.outputs);
  ASSERT_EQ(graph.outputs.size(), outputs);
  for (int row = 0; row < 8; ++row) {
    std::vector<int64_t> x(inputs);
    for (size_t i = 0; i < inputs; ++i) {
      const Interval& range = problem.ranges[i];
      x[i] = row == 0 ? range.low : row == 1 ? range.high : draw(range.low, range.high);
    }
    const std::vector<int64_t> y = evaluate(graph, x);
    for (size_t j = 0; j < outputs; ++j) {
      int64_t expected = problem.bias.empty() ? 0 : problem.bias[j];
      for (size_t i = 0; i < inputs; ++i) expected += x[i] * problem.weights[i * outputs + j];
      ASSERT_EQ(y[j], expected) << "output " << j;
    }
    AdderGraph nodes = graph;  // every node as an output
    nodes.outputs.clear();
    for (size_t n = 0; n < graph.nodes.size(); ++n) nodes.outputs.push_back({static_cast<int32_t>(n), 0, false});
    const std::vector<int64_t> values = evaluate(nodes, x);
    for (size_t n = 0; n < values.size(); ++n) {
      const AdderNode& node = graph.nodes[n];
      ASSERT_TRUE(node.range.low <= values[n] && values[n] <= node.range.high) << "node " << n;
      if (node.low_bit < 62) {
        ASSERT_EQ(values[n] % (int64_t{1} << node.low_bit), 0) << "node " << n;
      }
    }
  }
  for (const AdderNode& node : graph.nodes) {
    if (node.kind != AdderNode::Kind::kAdder) continue;
    const AdderNode& left = graph.nodes[static_cast<size_t>(node.left.node)];
    const AdderNode& right = graph.nodes[static_cast<size_t>(node.right.node)];
    EXPECT_EQ(std::min(node.left.shift, node.right.shift), 0);
    EXPECT_FALSE(node.left.negative && node.right.negative);
    EXPECT_EQ(node.depth, std::max(left.depth, right.depth) + 1);
    EXPECT_EQ(node.cost, adder_cells({left.range, left.low_bit, node.left.shift, node.left.negative},
                                     {right.range, right.low_bit, node.right.shift, node.right.negative}, node.range));
  }
  for (const Operand& output : graph.outputs) EXPECT_TRUE(!output.negative && output.shift >= 0);
}

MatrixProblem dense(int inputs, int outputs, int64_t low, int64_t high, uint64_t seed) {
  MatrixProblem problem{.inputs = inputs, .outputs = outputs, .weights = {}, .ranges = {}};
  Draw draw(seed);
  for (int i = 0; i < inputs * outputs; ++i) problem.weights.push_back(draw(low, high));
  problem.ranges.assign(static_cast<size_t>(inputs), {-128, 127});
  return problem;
}

// Shapes and values at the edges: vectors, empty and equal columns, one weight alone, wide weights, constant, negative
// and wide inputs, biases, arrival times, few bits that are read.
MatrixProblem extreme(uint64_t seed) {
  Draw draw(seed);
  const int kind = static_cast<int>(draw(0, 8));
  MatrixProblem problem{.inputs = kind == 0 ? 1 : static_cast<int>(draw(1, 6)),
                        .outputs = kind == 1 ? 1 : static_cast<int>(draw(1, 6)),
                        .weights = {},
                        .ranges = {}};
  const auto cells = static_cast<size_t>(problem.inputs * problem.outputs);
  const int64_t widest = (int64_t{1} << draw(1, 30)) - 1;
  for (size_t i = 0; i < cells; ++i) problem.weights.push_back(draw(-widest, widest));
  if (kind == 2) std::ranges::fill(problem.weights, 0);
  if (kind == 3) std::ranges::fill(problem.weights, draw(-widest, widest));
  if (kind == 4) {
    std::ranges::fill(problem.weights, 0);
    problem.weights[static_cast<size_t>(draw(0, static_cast<int64_t>(cells) - 1))] = draw(-widest, widest);
  }
  if (kind == 5) {  // repeated and negated columns
    for (size_t i = 0; i < cells; ++i) {
      const size_t column = i % static_cast<size_t>(problem.outputs);
      if (column > 0) problem.weights[i] = (column % 2 == 0 ? 1 : -1) * problem.weights[i - column];
    }
  }
  if (kind == 6) {
    for (int64_t& weight : problem.weights) weight = -std::abs(weight);
  }
  if (kind == 7) {
    for (int64_t& weight : problem.weights) weight = draw(-2, 2);
  }
  for (int i = 0; i < problem.inputs; ++i) {
    const int64_t a = draw(-200, 200);
    const int64_t b = draw(0, 3) == 0 ? a : draw(-200, 200);
    problem.ranges.push_back({std::min(a, b), std::max(a, b)});
    // Constants that cancel, as pruned units with a bias give them.
    if (kind == 7 && draw(0, 1) == 0) problem.ranges.back() = {int64_t{1} << (a & 3), int64_t{1} << (a & 3)};
  }
  if (draw(0, 1) == 1) {
    for (int j = 0; j < problem.outputs; ++j) problem.bias.push_back(draw(0, 2) == 0 ? 0 : draw(-1000, 1000));
  }
  if (draw(0, 2) == 0) {
    for (int i = 0; i < problem.inputs; ++i) problem.arrivals.push_back(static_cast<int>(draw(0, 4)));
  }
  if (draw(0, 2) == 0) {
    for (int j = 0; j < problem.outputs; ++j) problem.needed.push_back(static_cast<int>(draw(-1, 20)));
  }
  return problem;
}

TEST(Solver, IsExactForExtremeMatrices) {
  Workers workers(1);
  Draw draw(5);
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const MatrixProblem problem = extreme(seed);
    SolverOptions options{.restarts = seed % 4 == 0 ? 3 : 0, .steps_per_adder = seed % 8 == 1 ? 25.0 : 1.0};
    if (seed % 3 != 0) options.extra_depth = static_cast<int>(seed % 3) - 1;
    const AdderGraph graph = solve(problem, options, workers);
    expect_right(problem, graph, draw);
    if (options.extra_depth) {
      EXPECT_LE(cost_of(graph).depth, least_depth(problem) + *options.extra_depth) << seed;
    }
    if (::testing::Test::HasFailure()) FAIL() << "seed " << seed;
  }
}

TEST(Solver, GivesTheSameGraphForAnyNumberOfThreads) {
  const MatrixProblem problem = dense(8, 8, -128, 127, 1);
  const auto costs = [&](int threads) {
    Workers workers(threads);
    const AdderGraph graph = solve(problem, {.restarts = 20, .steps_per_adder = 30}, workers);
    std::vector<int> all;
    for (const AdderNode& node : graph.nodes) {
      all.insert(all.end(), {node.left.node, node.left.shift, node.right.node, node.right.shift, node.cost});
    }
    return all;
  };
  EXPECT_EQ(costs(1), costs(3));
}

TEST(Solver, SharesWhatIsEqual) {
  Workers workers(1);
  // The second column is four times the first, the third its negative: nothing but the negation is built again.
  const MatrixProblem problem{
      .inputs = 2, .outputs = 3, .weights = {5, 20, -5, -3, -12, 3}, .ranges = {{-8, 7}, {-8, 7}}};
  const AdderGraph graph = solve(problem, {}, workers);
  EXPECT_LE(cost_of(graph).adders, 4);
  // Columns of powers of two and of zero are wires.
  const MatrixProblem wires{.inputs = 2, .outputs = 3, .weights = {4, 0, 0, 0, 0, 1}, .ranges = {{-8, 7}, {0, 3}}};
  EXPECT_EQ(cost_of(solve(wires, {}, workers)).adders, 0);
}

// What the solver reaches is held: adder bits of twenty matrices, summed, at each depth.
TEST(Solver, NeedsNoMoreBitsThanMeasured) {
  Workers workers(2);
  const auto bits = [&](std::optional<int> extra_depth, double steps_per_adder) {
    int64_t sum = 0;
    for (uint64_t seed = 0; seed < 20; ++seed) {
      sum += cost_of(solve(dense(8, 8, 129, 255, 100 + seed),
                           {.extra_depth = extra_depth, .steps_per_adder = steps_per_adder}, workers))
                 .bits;
    }
    return sum;
  };
  EXPECT_LE(bits(std::nullopt, 1), 22814);
  EXPECT_LE(bits(2, 1), 23292);
  EXPECT_LE(bits(0, 1), 27624);
  EXPECT_LE(bits(0, 40), 26995);
}

TEST(Solver, EndsInTime) {
  Workers workers(2);
  const double begin = seconds_now();
  const MatrixProblem problem = dense(8, 8, -128, 127, 3);
  const AdderGraph graph = solve(problem, {.restarts = 1 << 20, .steps_per_adder = 1e9, .seconds = 0.3}, workers);
  EXPECT_LT(seconds_now() - begin, 5);  // however busy the machine is
  EXPECT_LT(cost_of(graph).bits, cost_of(solve(problem, {}, workers)).bits);
}

TEST(Solver, SaysWhatIsWrong) {
  Workers workers(1);
  const auto message = [&](const MatrixProblem& problem) -> std::string {
    try {
      solve(problem, {}, workers);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_THAT(message({.inputs = 2, .outputs = 2, .weights = {1}, .ranges = {{0, 1}, {0, 1}}}),
              HasSubstr("a matrix of 2 x 2 with 1 weights"));
  EXPECT_THAT(message({.inputs = 1, .outputs = 1, .weights = {1}, .ranges = {{1, 0}}}), HasSubstr("[1, 0] is empty"));
  EXPECT_THAT(message({.inputs = 1, .outputs = 1, .weights = {int64_t{1} << 40}, .ranges = {{0, int64_t{1} << 20}}}),
              HasSubstr("output 0: its values can be 2^60 or more"));
  EXPECT_THAT(message({.inputs = 1, .outputs = 1, .weights = {INT64_MIN}, .ranges = {{INT64_MIN, 1}}}),
              HasSubstr("2^60 or more"));
}

TEST(ColumnTree, TakesTheShortWay) {
  // The second column differs from the first by one digit, the third is the negative of the second.
  const MatrixProblem problem{
      .inputs = 2, .outputs = 3, .weights = {85, 85, -85, 85, 86, -86}, .ranges = {{0, 1}, {0, 1}}};
  const ColumnTree tree = column_tree(problem, 9);
  EXPECT_THAT(tree.parent, ::testing::ElementsAre(-1, 0, 1));
  EXPECT_EQ(tree.is_negated[2], 1);
  EXPECT_THAT(column_tree(problem, 1).parent, ::testing::Each(-1));
  EXPECT_THAT(column_tree(problem, 2).parent, ::testing::ElementsAre(-1, 0, 0));
}

TEST(SignedDigits, AreFewest) {
  for (int64_t value = -600; value <= 600; ++value) {
    int64_t sum = 0;
    int last = -2;
    for (const Digit& digit : signed_digits(value)) {
      sum += (digit.negative ? -1 : 1) * (int64_t{1} << digit.shift);
      EXPECT_GT(digit.shift, last + 1);  // no two next to each other
      last = digit.shift;
    }
    EXPECT_EQ(sum, value);
    EXPECT_EQ(static_cast<int>(signed_digits(value).size()), count_signed_digits(value));
  }
}

}  // namespace solver_test
}  // namespace hgq::rtl
