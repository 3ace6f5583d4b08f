#include "hgq/rtl/adder_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hgq::rtl {
namespace adder_graph_test {

TEST(AdderGraph, BitsOfAnInterval) {
  EXPECT_EQ(top_bit({0, 0}), 0);
  EXPECT_EQ(top_bit({0, 1}), 1);
  EXPECT_EQ(top_bit({0, 255}), 8);
  EXPECT_EQ(top_bit({0, 256}), 9);
  EXPECT_EQ(top_bit({-1, 0}), 1);
  EXPECT_EQ(top_bit({-128, 127}), 8);
  EXPECT_EQ(top_bit({-129, 0}), 9);
  EXPECT_EQ(top_bit({-5, -3}), 4);
  EXPECT_EQ(top_bit({INT64_MIN, INT64_MAX}), 64);
  EXPECT_EQ(lowest_bit(-12), 2);
  EXPECT_EQ(lowest_bit(0), 62);
}

TEST(AdderGraph, CellsOfAnAdder) {
  const Interval byte{-128, 127};
  const Interval nibble{0, 15};
  const auto operand = [](Interval range, int shift, bool negative = false) {
    return OperandBits{.range = range, .low_bit = 0, .shift = shift, .negative = negative};
  };
  // x + (x << 2): the lowest two bits pass through, the result has 11 bits.
  EXPECT_EQ(adder_cells(operand(byte, 0), operand(byte, 2), {-640, 635}), 9);
  // (x << 2) - x needs a cell for each bit, x - (x << 2) none for the lowest two.
  EXPECT_EQ(adder_cells(operand(byte, 2), operand(byte, 0, true), {-381, 384}), 10);
  EXPECT_EQ(adder_cells(operand(byte, 0), operand(byte, 2, true), {-384, 381}), 8);
  // Bits that do not overlap are joined.
  EXPECT_EQ(adder_cells(operand(nibble, 0), operand(byte, 4), {-2048, 2047}), 0);
  EXPECT_EQ(adder_cells(operand(nibble, 0), operand(byte, 3), {-1024, 1031}), 9);
}

// 5 x0 + 3 x1, of unsigned 4-bit inputs.
AdderGraph sample() {
  AdderGraph graph;
  const auto add = [&](Operand left, Operand right, Interval range, int cost, int depth) {
    graph.nodes.push_back({AdderNode::Kind::kAdder, left, right, range, 0, depth, cost});
  };
  graph.nodes.resize(2);
  graph.nodes[0].range = graph.nodes[1].range = {0, 15};
  add({0, 0}, {0, 2}, {0, 75}, 5, 1);
  add({1, 0}, {1, 1}, {0, 45}, 5, 1);
  add({2, 0}, {3, 0}, {0, 120}, 7, 2);
  add({2, 0}, {3, 1}, {0, 165}, 7, 2);  // not read
  graph.outputs = {{4, 0}};
  return graph;
}

TEST(AdderGraph, CountsWhatIsRead) {
  const AdderGraph graph = sample();
  const AdderCost cost = cost_of(graph);
  EXPECT_EQ(cost.adders, 3);
  EXPECT_EQ(cost.bits, 17);
  EXPECT_EQ(cost.depth, 2);
  const std::vector<int> needed{4};  // the lowest four bits: 2 + 3 + 4
  EXPECT_EQ(cost_of(graph, needed).bits, 2 + 3 + 4);
  EXPECT_EQ(cost_of(graph, std::vector<int>{0}).adders, 0);
}

TEST(AdderGraph, Evaluates) {
  EXPECT_THAT(evaluate(sample(), std::vector<int64_t>{7, 11}), ::testing::ElementsAre(5 * 7 + 3 * 11));
}

}  // namespace adder_graph_test
}  // namespace hgq::rtl
