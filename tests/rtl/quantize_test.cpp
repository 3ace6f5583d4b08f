// Conversions, ReLU and maxima against core/fixed_point.h, for all values of small types.
#include "hgq/rtl/quantize.h"

#include <gtest/gtest.h>

#include <cmath>

#include "one_input.h"

namespace hgq::rtl {
namespace quantize_test {

constexpr int kRoundings = 7;
constexpr int kOverflows = 5;

TEST(RtlQuantize, AllModesForAllValues) {
  for (const bool is_signed : {false, true}) {
    for (const int exponent : {-4, 0, 3}) {
      Circuits circuits(8, is_signed);
      struct Case {
        Kbi type;
        Rounding rounding;
        Overflow overflow;
      };
      std::vector<Case> cases;
      for (int r = 0; r < kRoundings; ++r) {
        for (int o = 0; o < kOverflows; ++o) {
          for (const int k : {0, 1}) {
            for (int b = k; b <= 9; ++b) {
              for (int fraction = -exponent - 10; fraction <= -exponent + 4; ++fraction) {
                cases.push_back(
                    {{.k = k, .b = b, .i = b - fraction}, static_cast<Rounding>(r), static_cast<Overflow>(o)});
              }
            }
          }
        }
      }
      for (const Case& c : cases)
        circuits.add_output(
            quantized(circuits.builder(), {circuits.input(), exponent}, c.type, c.rounding, c.overflow));
      const std::vector<int64_t> x = circuits.values();
      const std::vector<double> y = std::move(circuits).run();
      int wrong = 0;
      for (size_t v = 0; v < x.size(); ++v) {
        for (size_t i = 0; i < cases.size(); ++i) {
          const Case& c = cases[i];
          const double expected =
              std::ldexp(static_cast<double>(quantize(x[v], -exponent, c.type, c.rounding, c.overflow).mantissa),
                         -c.type.fraction());
          if (y[v * cases.size() + i] == expected) continue;
          if (++wrong > 5) FAIL();
          ADD_FAILURE() << x[v] << " * 2^" << exponent << " as (" << c.type.k << ", " << c.type.b << ", " << c.type.i
                        << ") " << to_string(c.rounding) << " " << to_string(c.overflow) << ": "
                        << y[v * cases.size() + i] << ", expected " << expected;
        }
      }
    }
  }
}

struct Conversion {
  Kbi type;
  Rounding rounding;
  Overflow overflow;
};

/// All modes for types with these bits and fractions.
std::vector<Conversion> conversions(const std::vector<int>& bits, const std::vector<int>& fractions) {
  std::vector<Conversion> all;
  for (int r = 0; r < kRoundings; ++r) {
    for (int o = 0; o < kOverflows; ++o) {
      for (const int k : {0, 1}) {
        for (const int b : bits) {
          for (const int fraction : fractions)
            all.push_back({{.k = k, .b = b, .i = b - fraction}, static_cast<Rounding>(r), static_cast<Overflow>(o)});
        }
      }
    }
  }
  return all;
}

/// `source` is a feature of the circuit, whose mantissa for an input is value_of(input).
template <typename ValueOf>
void expect_conversions(Circuits circuits, const Feature& source, const std::vector<Conversion>& all,
                        ValueOf value_of) {
  for (const Conversion& c : all)
    circuits.add_output(quantized(circuits.builder(), source, c.type, c.rounding, c.overflow));
  const std::vector<int64_t> x = circuits.values();
  const std::vector<double> y = std::move(circuits).run();
  int wrong = 0;
  for (size_t v = 0; v < x.size(); ++v) {
    for (size_t i = 0; i < all.size(); ++i) {
      const Conversion& c = all[i];
      const int64_t value = value_of(x[v]);
      const double expected =
          std::ldexp(static_cast<double>(quantize(value, -source.exponent, c.type, c.rounding, c.overflow).mantissa),
                     -c.type.fraction());
      if (y[v * all.size() + i] == expected) continue;
      ASSERT_LT(++wrong, 5);
      ADD_FAILURE() << value << " * 2^" << source.exponent << " as (" << c.type.k << ", " << c.type.b << ", "
                    << c.type.i << ") " << to_string(c.rounding) << " " << to_string(c.overflow) << ": "
                    << y[v * all.size() + i] << ", expected " << expected;
    }
  }
}

TEST(RtlQuantize, TypesFarFromTheValue) {
  for (const bool is_signed : {false, true}) {
    Circuits circuits(5, is_signed);
    const Feature x{circuits.input(), -2};
    expect_conversions(std::move(circuits), x,
                       conversions({1, 2, 4, 30, 50}, {-120, -70, -64, -63, -30, 20, 40, 50, 60, 63, 70, 120}),
                       [](int64_t value) { return value; });
  }
}

TEST(RtlQuantize, ValuesWhoseUpperBitsAreKnown) {
  for (int64_t offset = -45; offset <= 45; ++offset) {
    Circuits circuits(2, false);
    CircuitBuilder& b = circuits.builder();
    const bool is_negative = offset < 0;
    const Operand sum =
        offset == 0 ? Operand{circuits.input(), 0, false}
                    : b.add({circuits.input(), 0, false}, {b.constant(is_negative ? -offset : offset), 0, is_negative});
    const Operand value = b.positive(sum);
    expect_conversions(std::move(circuits), {value.node, value.shift},
                       conversions({1, 2, 3, 5}, {-4, -3, -2, -1, 0, 1}), [&](int64_t x) { return x + offset; });
  }
}

TEST(RtlQuantize, Tables) {
  const std::vector<std::vector<int64_t>> tables{
      {-20, -19, -18, -20}, {12, 13, 14, 15}, {-32, 31, 0, 7}, {24, 24, 25, 24}};
  for (const std::vector<int64_t>& entries : tables) {
    Circuits circuits(2, false);
    const Feature value{circuits.builder().table(circuits.input(), entries), 0};
    expect_conversions(std::move(circuits), value, conversions({1, 2, 3, 5}, {-4, -3, -2, -1, 0, 1}),
                       [&](int64_t x) { return entries[static_cast<size_t>(x)]; });
  }
}

TEST(RtlQuantize, ReluMaximumAndSum) {
  for (const bool is_signed : {false, true}) {
    Circuits circuits(6, is_signed);
    CircuitBuilder& b = circuits.builder();
    const Feature x{circuits.input(), -2};
    // A second value that depends on the first: x / 4 - 3.
    const Operand difference = b.positive(b.add({circuits.input(), 0, false}, {b.constant(12), 0, true}));
    const Feature other{difference.node, difference.shift - 4};
    const Feature constant{b.constant(3), -1};
    circuits.add_output(relu(b, x));
    circuits.add_output(relu(b, other));
    circuits.add_output(relu(b, {}));
    circuits.add_output(largest(b, std::vector<Feature>{x, other, constant, {}}));
    circuits.add_output(largest(b, std::vector<Feature>{x}));
    circuits.add_output(sum(b, std::vector<Feature>{x, other, constant, {}}));
    const std::vector<int64_t> values = circuits.values();
    const std::vector<double> y = std::move(circuits).run();
    for (size_t v = 0; v < values.size(); ++v) {
      const double a = std::ldexp(static_cast<double>(values[v]), -2);
      const double o = std::ldexp(static_cast<double>(values[v] - 12), -4);
      const std::vector<double> expected{std::max(a, 0.0), std::max(o, 0.0), 0, std::max({a, o, 1.5, 0.0}), a,
                                         a + o + 1.5};
      for (size_t i = 0; i < expected.size(); ++i)
        EXPECT_EQ(y[v * expected.size() + i], expected[i]) << values[v] << " " << i;
    }
  }
}

}  // namespace quantize_test
}  // namespace hgq::rtl
