// Means against the quotients of whole numbers, for all values of sums.
#include "hgq/rtl/quotient.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hgq/core/error.h"
#include "hgq/core/fixed_point.h"
#include "one_input.h"

namespace hgq::rtl {
namespace quotient_test {

constexpr int kRoundings = 7;

TEST(Divider, FloorsOfAllValues) {
  Workers workers(1);
  for (const bool is_signed : {false, true}) {
    Circuits circuits(13, is_signed);
    Divider divider(circuits.builder(), {}, workers);
    const std::vector<int64_t> divisors{3, 5, 7, 9, 11, 25, 49, 99, 127, 1025, 4097, 65535};
    for (const int64_t divisor : divisors) {
      const Operand floor = circuits.builder().positive(divider.floor_of({circuits.input(), 0, false}, divisor));
      circuits.add_output({floor.node, floor.shift});
    }
    const std::vector<int64_t> values = circuits.values();
    const std::vector<double> got = std::move(circuits).run();
    for (size_t v = 0; v < values.size(); ++v) {
      for (size_t d = 0; d < divisors.size(); ++d)
        ASSERT_EQ(got[v * divisors.size() + d],
                  std::floor(static_cast<double>(values[v]) / static_cast<double>(divisors[d])))
            << values[v] << " / " << divisors[d];
    }
  }
}

TEST(Divider, QuotientsInAllModesForAllValues) {
  struct Case {
    Quotient quotient;
    Kbi type;
    QuantizeOperation quantize;
  };
  Workers workers(1);
  for (const int bits : {6, 11}) {  // a table, and a division
    for (const bool is_signed : {false, true}) {
      for (const int exponent : {-5, 2}) {
        Circuits circuits(bits, is_signed);
        Divider divider(circuits.builder(), {}, workers);
        std::vector<Case> cases;
        for (const int64_t count : {1, 2, 3, 6, 7, 12, 40}) {
          const Quotient quotient{count, 32 - exponent};
          const Feature sum{circuits.input(), exponent};
          circuits.add_output(divider.whole(sum, quotient, "p"));
          cases.push_back({quotient, {1, 60, 60 - quotient.fraction}, {}});
          for (int r = 0; r < kRoundings; ++r) {
            for (const int fraction : {-exponent - 80, -exponent - 3, -exponent, -exponent + 2, -exponent + 29}) {
              for (const Overflow overflow : {Overflow::kWrap, Overflow::kSat}) {
                const Kbi type{1, 5, 5 - fraction};
                const QuantizeOperation quantize{{}, static_cast<Rounding>(r), overflow};
                circuits.add_output(divider.quantized(sum, quotient, type, quantize, "p"));
                cases.push_back({quotient, type, quantize});
              }
            }
          }
        }
        const std::vector<int64_t> values = circuits.values();
        const std::vector<double> got = std::move(circuits).run();
        for (size_t v = 0; v < values.size(); ++v) {
          for (size_t c = 0; c < cases.size(); ++c) {
            const auto& [quotient, type, quantize] = cases[c];
            const Int128 mean = (Int128{values[v]} << (quotient.fraction + exponent)) / quotient.count;
            const Quantized wanted = hgq::quantize(mean, quotient.fraction, type, quantize.rounding, quantize.overflow);
            ASSERT_EQ(got[v * cases.size() + c], std::ldexp(static_cast<double>(wanted.mantissa), -type.fraction()))
                << values[v] << " * 2^" << exponent << " / " << quotient.count << ", " << to_string(quantize.rounding)
                << " " << to_string(quantize.overflow) << ", fraction " << type.fraction();
          }
        }
      }
    }
  }
}

// A table of a sum of 13 bits would have 8,192 entries.
TEST(Divider, DivisionsAreSmall) {
  Workers workers(1);
  Circuits circuits(13, true);
  Divider divider(circuits.builder(), {}, workers);
  const QuantizeOperation round{{}, Rounding::kRnd, Overflow::kWrap};
  circuits.add_output(divider.quantized({circuits.input(), -6}, {3, 38}, {1, 12, 5}, round, "p"));
  const Circuit circuit = std::move(circuits).take();
  int bits = 0;
  for (const Node& node : circuit.nodes) bits += node.kind == NodeKind::kAdd ? chain_bits(circuit, node) : 0;
  EXPECT_LE(bits, 120);
  for (const Table& table : circuit.tables) EXPECT_LE(table.entries.size(), 4U);
}

TEST(Divider, TooLargeSumsAreRefused) {
  Workers workers(1);
  Circuits circuits(30, true);
  Divider divider(circuits.builder(), {}, workers);
  EXPECT_THROW(divider.whole({circuits.input(), 0}, {3, 32}, "layer 'p'"), ConfigError);
  EXPECT_NO_THROW(divider.whole({circuits.input(), 0}, {4, 32}, "layer 'p'"));

  Circuits narrow(12, true);
  Divider finely(narrow.builder(), {}, workers);
  EXPECT_THROW(finely.quantized({narrow.input(), 0}, {3, 100}, {1, 5, -70}, {{}, Rounding::kRnd, Overflow::kWrap}, "p"),
               ConfigError);
}

}  // namespace quotient_test
}  // namespace hgq::rtl
