#include "hgq/rtl/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "hgq/core/error.h"
#include "hgq/rtl/interpreter.h"
#include "hgq/rtl/min_cut.h"
#include "hgq/rtl/stages.h"
#include "random_circuit.h"

namespace hgq::rtl {
namespace pipeline_test {

using ::testing::HasSubstr;

const DelayModel kLevels = DelayModel::adder_levels();

/// The least register bits of all stages that keep the delay, by trying all of them.
int64_t fewest_registers(const StageGraph& graph, int count, double delay) {
  Stages stages{.count = count, .delay = delay, .stage = std::vector<int>(graph.size())};
  std::vector<double> times(graph.size());
  int64_t least = std::numeric_limits<int64_t>::max();
  const std::function<void(size_t)> place = [&](size_t node) {
    if (node == graph.size()) {
      least = std::min(least, register_bits(graph, stages));
      return;
    }
    for (int stage = 0; stage < (graph.is_input(node) ? 1 : count); ++stage) {
      double time = 0;
      bool after = true;
      for (const int32_t operand : graph.operands_of(node)) {
        const auto o = static_cast<size_t>(operand);
        after = after && stages.stage[o] <= stage;
        if (stages.stage[o] == stage) time = std::max(time, times[o]);
      }
      times[node] = time + graph.delay(node);
      if (!after || times[node] > delay + 1e-9) continue;
      stages.stage[node] = stage;
      place(node + 1);
    }
  };
  place(0);
  return least;
}

TEST(Pipeline, ComputesTheSameWithTheRegistersThatWereAskedFor) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    const RandomCircuit random(seed, 5, 60);
    const Circuit source = trimmed(random.circuit);
    const auto expected = Interpreter(source).run(random.inputs, random.rows);
    for (const bool register_inputs : {false, true}) {
      for (const int latency : {0, 2, 3, 7}) {
        const Circuit circuit = pipelined(source, {.latency = latency, .register_inputs = register_inputs});
        check_circuit(circuit);
        check_pipeline(circuit);
        EXPECT_EQ(circuit.latency, latency);
        EXPECT_EQ(register_bits(circuit) > 0, latency > 0);
        EXPECT_EQ(Interpreter(circuit).run(random.inputs, random.rows), expected);
      }
      const Circuit circuit =
          pipelined(source, {.stage_delay = 2, .register_inputs = register_inputs, .model = kLevels});
      check_pipeline(circuit);
      EXPECT_LE(delays_of(circuit, kLevels).longest, 2);
      EXPECT_EQ(Interpreter(circuit).run(random.inputs, random.rows), expected);
    }
  }
}

TEST(Pipeline, RegistersAreTheFewestPossible) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    const RandomCircuit random(seed, 3, 12);
    const Circuit source = trimmed(random.circuit);
    for (const DelayModel& model : {kLevels, DelayModel::nanoseconds()}) {
      const StageGraph graph(source, model);
      for (const int count : {2, 3}) {
        const Stages fast = fastest_stages(graph, count);
        for (const double factor : {1.0, 1.5}) {
          Stages start = fast;
          start.delay *= factor;
          const Stages best = with_fewest_registers(graph, start);
          EXPECT_EQ(register_bits(graph, best), fewest_registers(graph, count, start.delay));
        }
      }
    }
  }
}

TEST(Pipeline, AsFewStagesAsTheDelayAllows) {
  CircuitBuilder builder("chain");
  builder.begin_layer("a");
  Operand sum{builder.input(4, true), 0, false};
  std::vector<Feature> inputs{{sum.node, 0}};
  for (int i = 0; i < 6; ++i) {
    inputs.push_back({builder.input(4, true), 0});
    sum = builder.add(sum, {inputs.back().node, 0, false});
  }
  const Circuit circuit =
      std::move(builder).take({{"x", Shape{7}, inputs}}, {{"y", Shape{1}, {{sum.node, sum.shift}}}});
  EXPECT_EQ(delays_of(circuit, kLevels).longest, 6);
  for (const auto& [delay, latency] : {std::pair{6, 1}, {5, 2}, {3, 2}, {2, 3}, {1, 6}}) {
    EXPECT_EQ(pipelined(circuit, {.stage_delay = delay, .model = kLevels}).latency, latency);
    EXPECT_EQ(pipelined(circuit, {.latency = 6, .stage_delay = delay, .model = kLevels}).latency, 6);
  }
  const Circuit two = pipelined(circuit, {.latency = 2});
  const Circuit fastest = pipelined(circuit, {.latency = 2, .slack = 0});
  EXPECT_LE(clock_period(fastest), clock_period(two));
  EXPECT_GE(register_bits(fastest), register_bits(two));
  EXPECT_THROW(pipelined(circuit, {.latency = 2, .slack = -1}), ConfigError);
  EXPECT_LT(clock_period(two), 0.6 * clock_period(circuit));
  EXPECT_EQ(longest_path(circuit).size(), 7U);
  try {
    pipelined(circuit, {.stage_delay = 0.5});
    FAIL() << "expected an error";
  } catch (const ConfigError& e) {
    EXPECT_THAT(e.what(), HasSubstr("layer 'a'"));
  }
  EXPECT_THROW(pipelined(circuit, {.latency = 5, .stage_delay = 1, .model = kLevels}), ConfigError);
  EXPECT_THROW(pipelined(circuit, {.latency = -1}), ConfigError);
  EXPECT_THROW(pipelined(circuit, {.latency = 0, .stage_delay = 1}), ConfigError);
  EXPECT_THROW(pipelined(two, {.latency = 2}), Error);
}

TEST(Pipeline, ConstantsAndInputsAsOutputs) {
  CircuitBuilder builder("moves");
  builder.begin_layer("a");
  const int32_t x = builder.input(4, true);
  const int32_t five = builder.constant(5);
  const Circuit circuit = pipelined(
      std::move(builder).take({{"x", Shape{1}, {{x, 0}}}}, {{"y", Shape{3}, {{x, 0}, {five, 0}, {}}}}), {.latency = 3});
  check_pipeline(circuit);
  EXPECT_EQ(register_bits(circuit), 12);
  EXPECT_EQ(Interpreter(circuit).run(std::vector<PortValues>{{-3, 7}}, 2)[0], (PortValues{-3, 5, 0, 7, 5, 0}));
}

TEST(Pipeline, TheCheckFindsAMissingRegister) {
  const RandomCircuit random(1, 4, 30);
  Circuit circuit = pipelined(random.circuit, {.latency = 3});
  check_pipeline(circuit);
  int found = 0;
  int registers = 0;
  for (Node& node : circuit.nodes) {
    if (node.kind != NodeKind::kRegister) continue;
    ++registers;
    node.kind = NodeKind::kSlice;
    try {
      check_pipeline(circuit);
    } catch (const Error&) {
      ++found;
    }
    node.kind = NodeKind::kRegister;
  }
  EXPECT_GT(registers, 5);
  EXPECT_EQ(found, registers);
}

TEST(MinCut, IsTheCheapestOfAll) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Draw draw(seed);
    constexpr int kNodes = 8;
    MinCut graph(kNodes);
    int64_t cost[kNodes][kNodes] = {};
    for (int i = 0; i < 20; ++i) {
      const auto a = draw(0, kNodes - 1);
      const auto b = draw(0, kNodes - 1);
      if (a == b) continue;
      const auto c = static_cast<int32_t>(draw(0, 9));
      const auto back = static_cast<int32_t>(draw(0, 3));
      graph.add(static_cast<int>(a), static_cast<int>(b), c, back);
      cost[a][b] += c;
      cost[b][a] += back;
    }
    const auto cost_of = [&](const auto& with_source) {
      int64_t sum = 0;
      for (size_t a = 0; a < kNodes; ++a) {
        for (size_t b = 0; b < kNodes; ++b) sum += with_source(a) && !with_source(b) ? cost[a][b] : 0;
      }
      return sum;
    };
    int64_t least = std::numeric_limits<int64_t>::max();
    for (unsigned set = 0; set < 1U << kNodes; ++set) {
      if ((set & 3U) == 1) least = std::min(least, cost_of([&](size_t node) { return (set >> node & 1U) != 0; }));
    }
    const std::vector<bool> cut = graph.cut(0, 1);
    EXPECT_TRUE(cut[0] && !cut[1]);
    EXPECT_EQ(cost_of([&](size_t node) { return cut[node]; }), least);
  }
}

}  // namespace pipeline_test
}  // namespace hgq::rtl
