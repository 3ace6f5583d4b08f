#include "hgq/rtl/estimate.h"

#include <gtest/gtest.h>

#include "hgq/rtl/circuit_builder.h"
#include "hgq/rtl/pipeline.h"
#include "hgq/rtl/three_operands.h"
#include "random_circuit.h"

namespace hgq::rtl {
namespace estimate_test {

TEST(Estimate, CountsWhatIsBuilt) {
  CircuitBuilder builder("test");
  builder.begin_layer("in");
  const int32_t x = builder.input(8, true);
  const int32_t y = builder.input(8, true);
  builder.begin_layer("sums");
  const Operand sum = builder.add({x, 0, false}, {y, 2, false});  // 11 bits, the lowest two passed on
  builder.begin_layer("rest");
  const int32_t less = builder.less({x, 0, false}, {y, 0, false});
  const Operand larger = builder.mux(less, {y, 0, false}, {x, 0, false});
  const Operand relu = builder.mux(builder.sign(sum.node), {}, builder.slice(sum, 0, 10, false));
  std::vector<int64_t> entries(256);
  for (size_t i = 0; i < 256; ++i) entries[i] = static_cast<int64_t>(i * i % 8);  // of 8 bits of index, 3 bits
  const int32_t table = builder.table(x, entries);
  const int32_t any = builder.any(y);
  const Circuit circuit =
      trimmed(std::move(builder).take({{"x", Shape{2}, {{x, 0}, {y, 0}}}},
                                      {{"y", Shape{4}, {{larger.node, 0}, {relu.node, 0}, {table, 0}, {any, 0}}}}));
  const Estimate counted = estimate(circuit);
  ASSERT_EQ(counted.layers.size(), 3U);
  EXPECT_EQ(counted.layers[1].layer, "sums");
  EXPECT_EQ(counted.layers[1].adders, 1);
  EXPECT_EQ(counted.layers[1].adder_bits, 9);
  EXPECT_EQ(counted.layers[1].first_level, 0);
  EXPECT_EQ(counted.layers[1].last_level, 1);
  const ResourceCounts& rest = counted.layers[2];
  EXPECT_EQ(rest.adders, 0);
  EXPECT_EQ(rest.comparison_bits, 8);
  EXPECT_EQ(rest.mux_bits, 8);
  EXPECT_EQ(rest.gate_bits, 10 + 2);
  EXPECT_EQ(rest.table_bits, 2 * 4);  // of i * i modulo 8, bit 1 is always 0
  EXPECT_EQ(counted.total.adder_bits, 9);
  EXPECT_EQ(counted.total.register_bits, 0);
  EXPECT_GT(counted.total.luts, 20);
  EXPECT_EQ(counted.total.ffs, 0);
}

TEST(Estimate, LayersMakeTheTotal) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const RandomCircuit random(seed, 5, 60);
    const Circuit circuit = pipelined(with_three_operands(random.circuit), {.latency = 2});
    const Estimate counted = estimate(circuit);
    double luts = 0;
    double ffs = 0;
    int64_t cells = 0;
    for (const LayerEstimate& layer : counted.layers) {
      luts += layer.luts;
      ffs += layer.ffs;
      cells += layer.adder_bits + layer.three_bits;
      EXPECT_LE(layer.first_level, layer.last_level);
    }
    EXPECT_NEAR(luts, counted.total.luts, 1e-6);
    EXPECT_NEAR(ffs, counted.total.ffs, 1e-6);
    EXPECT_EQ(cells, adder_cells(circuit));
    EXPECT_EQ(counted.total.register_bits, register_bits(circuit));
  }
}

}  // namespace estimate_test
}  // namespace hgq::rtl
