#include "hgq/rtl/circuit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "hgq/core/error.h"
#include "hgq/rtl/circuit_builder.h"
#include "hgq/rtl/interpreter.h"

namespace hgq::rtl {
namespace circuit_test {

using ::testing::HasSubstr;

Port port(const std::string& name, const std::vector<Feature>& features) {
  return {name, Shape{std::ssize(features)}, features};
}

Feature feature(const Operand& operand) { return {operand.node, operand.shift}; }

/// What `build` makes of two inputs is `expected` of their values, for all values, before and after trimming.
void expect_values(int x_bits, bool x_signed, int y_bits, bool y_signed,
                   const std::function<Operand(CircuitBuilder&, int32_t, int32_t)>& build,
                   const std::function<int64_t(int64_t, int64_t)>& expected) {
  CircuitBuilder builder("test");
  builder.begin_layer("layer");
  const int32_t x = builder.input(x_bits, x_signed);
  const int32_t y = builder.input(y_bits, y_signed);
  const Operand result = build(builder, x, y);
  const bool fits = result.node < 0 || !result.negative;
  ASSERT_TRUE(fits);
  const Circuit circuit = std::move(builder).take({port("x", {{x, 0}, {y, 0}})}, {port("y", {feature(result)})});
  const auto lowest = [](int bits, bool is_signed) { return is_signed ? -(int64_t{1} << (bits - 1)) : int64_t{0}; };
  PortValues in;
  std::vector<int64_t> out;
  for (int64_t a = 0; a < int64_t{1} << x_bits; ++a) {
    for (int64_t b = 0; b < int64_t{1} << y_bits; ++b) {
      in.push_back(a + lowest(x_bits, x_signed));
      in.push_back(b + lowest(y_bits, y_signed));
      out.push_back(expected(in[in.size() - 2], in.back()));
    }
  }
  for (const Circuit& tried : {circuit, trimmed(circuit)}) {
    check_circuit(tried);
    std::vector<int64_t> got = Interpreter(tried).run(std::vector<PortValues>{in}, std::ssize(out))[0];
    for (int64_t& value : got) value *= int64_t{1} << tried.outputs[0].features[0].exponent;
    EXPECT_EQ(got, out);
    for (const int64_t value : out) {
      const Feature& f = tried.outputs[0].features[0];
      if (f.node < 0) continue;
      EXPECT_LE(tried.node(f.node).range.low * (int64_t{1} << f.exponent), value);
      EXPECT_GE(tried.node(f.node).range.high * (int64_t{1} << f.exponent), value);
    }
  }
}

int64_t bits_of(int64_t value, int low, int bits, bool is_signed) {
  const int64_t part = (value >> low) & ((int64_t{1} << bits) - 1);
  return is_signed && (part >> (bits - 1)) != 0 ? part - (int64_t{1} << bits) : part;
}

TEST(Circuit, SumsOfAllSignsAndShifts) {
  for (const bool x_signed : {false, true}) {
    for (const bool y_signed : {false, true}) {
      for (const bool minus : {false, true}) {
        for (const int x_shift : {0, 1, 4}) {
          for (const int y_shift : {0, 2, 5}) {
            SCOPED_TRACE(::testing::Message() << x_signed << y_signed << minus << " " << x_shift << " " << y_shift);
            expect_values(
                4, x_signed, 3, y_signed,
                [&](CircuitBuilder& b, int32_t x, int32_t y) {
                  return b.positive(b.add({x, x_shift, false}, {y, y_shift, minus}));
                },
                [&](int64_t x, int64_t y) { return x * (1 << x_shift) + (minus ? -1 : 1) * y * (1 << y_shift); });
            expect_values(
                4, x_signed, 3, y_signed,
                [&](CircuitBuilder& b, int32_t x, int32_t y) {
                  return b.positive(b.add({y, y_shift, true}, {x, x_shift, minus}));
                },
                [&](int64_t x, int64_t y) { return -y * (1 << y_shift) + (minus ? -1 : 1) * x * (1 << x_shift); });
          }
        }
      }
    }
  }
}

TEST(Circuit, SlicesOfSumsMuxesTablesAndSlices) {
  for (const bool x_signed : {false, true}) {
    for (const bool is_signed : {false, true}) {
      for (const int low : {0, 1, 3}) {
        for (const int bits : {1, 2, 5}) {
          SCOPED_TRACE(::testing::Message() << x_signed << is_signed << " " << low << " " << bits);
          const auto sliced = [&](CircuitBuilder& b, const Operand& value) {
            return b.slice(value, low, bits, is_signed);
          };
          expect_values(
              4, x_signed, 3, true,
              [&](CircuitBuilder& b, int32_t x, int32_t y) {
                return sliced(b, b.add({x, 0, false}, {y, 1, false}));
              },
              [&](int64_t x, int64_t y) { return bits_of(x + 2 * y, low, bits, is_signed); });
          expect_values(
              4, x_signed, 3, true,
              [&](CircuitBuilder& b, int32_t x, int32_t) {
                return sliced(b, b.slice({x, 2, false}, 1, 4, false));
              },
              [&](int64_t x, int64_t) { return bits_of(bits_of(x * 4, 1, 4, false), low, bits, is_signed); });
          expect_values(
              4, x_signed, 3, true,
              [&](CircuitBuilder& b, int32_t x, int32_t y) {
                return sliced(b, b.mux(b.less({x, 0, false}, {y, 1, false}), {x, 1, false}, {y, 2, false}));
              },
              [&](int64_t x, int64_t y) { return bits_of(x < 2 * y ? 2 * x : 4 * y, low, bits, is_signed); });
          expect_values(
              4, x_signed, 3, true,
              [&](CircuitBuilder& b, int32_t x, int32_t) {
                std::vector<int64_t> squares(16);
                for (int64_t i = 0; i < 16; ++i) squares[static_cast<size_t>(i)] = i * i - 50;
                return sliced(b, {b.table(x, squares), 0, false});
              },
              [&](int64_t x, int64_t) { return bits_of((x & 15) * (x & 15) - 50, low, bits, is_signed); });
        }
      }
    }
  }
}

TEST(Circuit, GatesAndComparisons) {
  for (const bool x_signed : {false, true}) {
    for (const bool y_signed : {false, true}) {
      const auto one = [](int32_t node) { return Operand{node, 0, false}; };
      const auto expect = [&](const auto& build, const auto& expected) {
        expect_values(
            4, x_signed, 3, y_signed, [&](CircuitBuilder& b, int32_t x, int32_t y) { return one(build(b, x, y)); },
            expected);
      };
      expect([](CircuitBuilder& b, int32_t x, int32_t) { return b.any(x); },
             [](int64_t x, int64_t) { return x != 0 ? 1 : 0; });
      expect([](CircuitBuilder& b, int32_t x, int32_t) { return b.all(x); },
             [](int64_t x, int64_t) { return (x & 15) == 15 ? 1 : 0; });
      expect([](CircuitBuilder& b, int32_t x, int32_t) { return b.sign(x); },
             [](int64_t x, int64_t) { return x < 0 ? 1 : 0; });
      expect([](CircuitBuilder& b, int32_t x, int32_t y) { return b.conjunction(b.bit(x, 1), b.bit(y, 6)); },
             [](int64_t x, int64_t y) { return x >> 1 & y >> 6 & 1; });
      expect([](CircuitBuilder& b, int32_t x, int32_t y) { return b.disjunction(b.bit(x, 0), b.sign(y)); },
             [](int64_t x, int64_t y) { return (x & 1) | (y < 0 ? 1 : 0); });
      expect(
          [](CircuitBuilder& b, int32_t x, int32_t) {
            return b.inverted(b.slice({x, 0, false}, 0, 3, false).node, 3);
          },
          [](int64_t x, int64_t) { return ~x & 7; });
      expect(
          [](CircuitBuilder& b, int32_t x, int32_t y) {
            return b.less({x, 1, false}, {y, 0, false});
          },
          [](int64_t x, int64_t y) { return 2 * x < y ? 1 : 0; });
      expect(
          [](CircuitBuilder& b, int32_t x, int32_t) {
            return b.less({x, 0, false}, {b.constant(3), 0, false});
          },
          [](int64_t x, int64_t) { return x < 3 ? 1 : 0; });
      expect(
          [](CircuitBuilder& b, int32_t x, int32_t) {
            return b.less({}, {x, 0, false});
          },
          [](int64_t x, int64_t) { return 0 < x ? 1 : 0; });
    }
  }
}

TEST(Circuit, NothingIsBuiltTwice) {
  CircuitBuilder builder("test");
  builder.begin_layer("a");
  const int32_t x = builder.input(4, true);
  const int32_t y = builder.input(4, true);
  const Operand sum = builder.add({x, 0, false}, {y, 3, false});
  const size_t size = builder.size();
  builder.begin_layer("b");
  EXPECT_EQ(builder.add({y, 4, false}, {x, 1, false}).node, sum.node);
  EXPECT_EQ(builder.add({y, 3, true}, {x, 0, true}).node, sum.node);  // minus the same sum
  EXPECT_TRUE(builder.add({y, 3, true}, {x, 0, true}).negative);
  EXPECT_EQ(builder.add({x, 1, false}, {x, 1, true}).node, -1);
  EXPECT_EQ(builder.add({x, 0, false}, {x, 0, false}).shift, 1);
  EXPECT_EQ(builder.add({x, 0, false}, {}).node, x);
  EXPECT_EQ(builder.size(), size);
}

TEST(Circuit, UpperBitsThatNothingReadsAreNotBuilt) {
  CircuitBuilder builder("test");
  builder.begin_layer("a");
  const int32_t x = builder.input(8, true);
  const int32_t y = builder.input(8, true);
  const Operand sum = builder.add({x, 0, false}, {y, 2, false});  // 11 bits
  builder.add({x, 0, false}, {y, 3, false});                      // not read
  const Operand low = builder.slice(sum, 1, 4, true);
  const Circuit circuit = trimmed(std::move(builder).take({port("x", {{x, 0}, {y, 0}})}, {port("y", {feature(low)})}));
  ASSERT_EQ(circuit.nodes.size(), 4U);
  EXPECT_EQ(circuit.nodes[2].bits, 5);
  EXPECT_EQ(chain_begin(circuit, circuit.nodes[2]), 2);
  EXPECT_EQ(chain_bits(circuit, circuit.nodes[2]), 3);
}

TEST(Circuit, NoAdderForTheZerosBelowAConstant) {
  CircuitBuilder builder("test");
  builder.begin_layer("a");
  const int32_t x = builder.input(8, true);
  const Operand sum = builder.add({x, 0, false}, {builder.constant(-48), 1, true});  // 9 bits, from bit 5
  const Circuit circuit = std::move(builder).take({port("x", {{x, 0}})}, {port("y", {feature(sum)})});
  EXPECT_EQ(chain_bits(circuit, circuit.node(sum.node)), 4);
}

TEST(Circuit, WideValuesAreRefused) {
  CircuitBuilder builder("test");
  builder.begin_layer("wide");
  const int32_t x = builder.input(40, true);
  try {
    builder.add({x, 30, false}, {x, 0, false});
    FAIL() << "expected an error";
  } catch (const ConfigError& e) {
    EXPECT_THAT(e.what(), HasSubstr("layer 'wide'"));
  }
}

TEST(Interpreter, ManyRowsOnThreads) {
  CircuitBuilder builder("test");
  builder.begin_layer("a");
  const int32_t x = builder.input(10, true);
  const Operand sum = builder.positive(builder.add({x, 0, true}, {x, 3, false}));
  const Circuit circuit = std::move(builder).take({port("x", {{x, 0}})}, {port("y", {feature(sum)})});
  PortValues in;
  PortValues out;
  for (int64_t i = 0; i < 5000; ++i) {
    in.push_back(i * 7 % 1024 - 512);
    out.push_back(7 * in.back());
  }
  Workers workers(3);
  EXPECT_EQ(Interpreter(circuit).run(std::vector<PortValues>{in}, 5000, &workers)[0], out);
  EXPECT_EQ(Interpreter(circuit).run(std::vector<PortValues>{in}, 5000)[0], out);
}

}  // namespace circuit_test
}  // namespace hgq::rtl
