#include "hgq/rtl/three_operands.h"

#include <gtest/gtest.h>

#include "hgq/rtl/interpreter.h"
#include "hgq/rtl/pipeline.h"
#include "random_circuit.h"

namespace hgq::rtl {
namespace three_operands_test {

int sums_of_three(const Circuit& circuit) {
  return static_cast<int>(std::ranges::count_if(
      circuit.nodes, [](const Node& node) { return node.kind == NodeKind::kAdd && node.operand_count == 3; }));
}

TEST(ThreeOperands, ChangesNoValueAndSaves) {
  int found = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    const RandomCircuit random(seed, 4, 30, seed % 3 != 0);
    const Circuit source = trimmed(random.circuit);
    const Circuit circuit = with_three_operands(source);
    check_circuit(circuit);
    found += sums_of_three(circuit);
    EXPECT_LE(adder_cells(circuit), adder_cells(source) - (sums_of_three(circuit) > 0 ? 1 : 0));
    const auto expected = Interpreter(source).run(random.inputs, random.rows);
    EXPECT_EQ(Interpreter(circuit).run(random.inputs, random.rows), expected);
    EXPECT_LE(delays_of(circuit, DelayModel::adder_levels()).longest,
              delays_of(source, DelayModel::adder_levels()).longest);
    const Circuit registered = pipelined(circuit, {.latency = 3});
    check_pipeline(registered);
    EXPECT_EQ(Interpreter(registered).run(random.inputs, random.rows), expected);
  }
  EXPECT_GT(found, 1000);
}

TEST(ThreeOperands, AllSignsAndShiftsAndWidths) {
  for (int signs = 0; signs < 64; ++signs) {
    for (const int shift : {0, 1, 3}) {
      for (const int outer : {0, 2, 4}) {
        for (const int bits : {3, 5, 12}) {
          SCOPED_TRACE(::testing::Message() << signs << " " << shift << " " << outer << " " << bits);
          CircuitBuilder builder("test");
          builder.begin_layer("a");
          const auto flag = [&](int at) { return (signs >> at & 1) != 0; };
          const std::array<int32_t, 3> x{builder.input(3, flag(0)), builder.input(2, flag(1)),
                                         builder.input(3, flag(2))};
          Operand inner = builder.add({x[0], 0, flag(3)}, {x[1], shift, flag(4)});
          inner.shift += outer;
          const Operand sum = builder.positive(builder.add(inner, {x[2], 1, flag(5)}));
          const Operand low = builder.slice(sum, 0, bits, true);
          const Circuit source = trimmed(std::move(builder).take({{"x", Shape{3}, {{x[0], 0}, {x[1], 0}, {x[2], 0}}}},
                                                                 {{"y", Shape{1}, {{low.node, low.shift}}}}));
          PortValues rows;
          for (int64_t i = 0; i < 256; ++i) rows.insert(rows.end(), {i & 7, i >> 3 & 3, i >> 5});
          const Circuit circuit = with_three_operands(source);
          check_circuit(circuit);
          EXPECT_LE(adder_cells(circuit), adder_cells(source));
          EXPECT_EQ(Interpreter(circuit).run(std::vector<PortValues>{rows}, 256),
                    Interpreter(source).run(std::vector<PortValues>{rows}, 256));
        }
      }
    }
  }
}

/// A sum that several read goes into all of them; one that an output needs does not.
TEST(ThreeOperands, SharedSums) {
  for (const bool needed : {false, true}) {
    CircuitBuilder builder("test");
    builder.begin_layer("a");
    std::vector<Feature> inputs;
    for (int i = 0; i < 5; ++i) inputs.push_back({builder.input(6, true), 0});
    const auto x = [&](size_t i) { return Operand{inputs[i].node, 0, false}; };
    const Operand shared = builder.add(x(0), x(1));
    std::vector<Feature> outputs;
    for (size_t i = 2; i < 5; ++i) outputs.push_back({builder.add(shared, x(i)).node, 0});
    if (needed) outputs.push_back({shared.node, 0});
    const Shape out{std::ssize(outputs)};
    const Circuit source = std::move(builder).take({{"x", Shape{5}, inputs}}, {{"y", out, outputs}});
    EXPECT_EQ(sums_of_three(with_three_operands(source)), needed ? 0 : 3);
    EXPECT_EQ(adder_cells(source), 7 + 3 * 8);
  }
}

/// (a + b) - a is b, of one bit, so of a + b only one bit is built; a sum of three would need more of it.
TEST(ThreeOperands, WiresThatAreTooNarrowStay) {
  CircuitBuilder builder("test");
  builder.begin_layer("a");
  const int32_t a = builder.input(4, true);
  const int32_t b = builder.input(1, false);
  const int32_t d = builder.input(4, true);
  const Operand sum = builder.add({a, 0, false}, {b, 0, false});
  const Operand same = builder.add(sum, {a, 0, true}, {0, 1});
  const Operand whole = builder.add(same, {d, 0, false});
  const Circuit circuit = with_three_operands(std::move(builder).take({{"x", Shape{3}, {{a, 0}, {b, 0}, {d, 0}}}},
                                                                      {{"y", Shape{1}, {{whole.node, whole.shift}}}}));
  check_circuit(circuit);
  PortValues rows;
  PortValues expected;
  for (int64_t i = 0; i < 512; ++i) {
    rows.insert(rows.end(), {(i & 15) - 8, i >> 4 & 1, (i >> 5) - 8});
    expected.push_back((i >> 4 & 1) + (i >> 5) - 8);
  }
  EXPECT_EQ(Interpreter(circuit).run(std::vector<PortValues>{rows}, 512)[0], expected);
  EXPECT_EQ(circuit.nodes[3].bits, 1);
}

/// A chain of 2 n sums has n left.
TEST(ThreeOperands, Chains) {
  for (const int count : {1, 2, 3, 4, 9, 16}) {
    CircuitBuilder builder("chain");
    builder.begin_layer("a");
    std::vector<Feature> inputs{{builder.input(4, false), 0}};
    Operand sum{inputs[0].node, 0, false};
    for (int i = 0; i < count; ++i) {
      inputs.push_back({builder.input(4, false), 0});
      sum = builder.add(sum, {inputs.back().node, 0, false});
    }
    const Shape in{std::ssize(inputs)};
    const Circuit circuit =
        with_three_operands(std::move(builder).take({{"x", in, inputs}}, {{"y", Shape{1}, {{sum.node, sum.shift}}}}));
    EXPECT_EQ(sums_of_three(circuit), count / 2);
    EXPECT_EQ(std::ranges::count(circuit.nodes, NodeKind::kAdd, &Node::kind), (count + 1) / 2);
  }
}

}  // namespace three_operands_test
}  // namespace hgq::rtl
