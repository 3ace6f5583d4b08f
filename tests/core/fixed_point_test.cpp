#include "hgq/core/fixed_point.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "hgq/data/h5.h"

namespace hgq {
namespace fixed_point_test {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::array kRoundings{Rounding::kTrn,     Rounding::kRnd,       Rounding::kRndConv, Rounding::kTrnZero,
                                Rounding::kRndZero, Rounding::kRndMinInf, Rounding::kRndInf};
constexpr std::array kOverflows{Overflow::kWrap, Overflow::kSat, Overflow::kSatZero, Overflow::kSatSym,
                                Overflow::kWrapSm};

TEST(FloorLog2, IsExactAtAndAroundEveryPowerOfTwo) {
  for (int e = -149; e <= 127; ++e) {
    const float power = std::ldexp(1.0f, e);
    EXPECT_EQ(floor_log2(power), e);
    EXPECT_EQ(floor_log2(-power), e);
    EXPECT_EQ(ceil_log2(power), e);
    EXPECT_EQ(top_bit(power), e + 1);
    if (e > -149) {
      const float below = std::nextafter(power, 0.0f);
      EXPECT_EQ(floor_log2(below), e - 1) << e;
      EXPECT_EQ(ceil_log2(below), e > -148 ? e : -149) << e;
    }
    const float above = std::nextafter(power, kInfinity);
    if (std::isfinite(above)) {
      EXPECT_EQ(floor_log2(above), e > -149 ? e : -148) << e;
      EXPECT_EQ(ceil_log2(above), e > -149 ? e + 1 : -148) << e;
    }
  }
}

TEST(FloorLog2, SpecialValuesAreThoseOfTheLogarithm) {
  for (const float zero : {0.0f, -0.0f}) {
    EXPECT_EQ(floor_log2(zero), -kInfinity);
    EXPECT_EQ(ceil_log2(zero), -kInfinity);
    EXPECT_EQ(top_bit(zero), -kInfinity);
  }
  EXPECT_EQ(floor_log2(-kInfinity), kInfinity);
  EXPECT_EQ(ceil_log2(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(floor_log2(std::numeric_limits<float>::quiet_NaN())));
  EXPECT_TRUE(std::isnan(ceil_log2(std::numeric_limits<float>::quiet_NaN())));
}

TEST(SetBits, HighestLowestAndTheirDistance) {
  EXPECT_EQ(highest_set_bit(0.75f), -1);
  EXPECT_EQ(lowest_set_bit(0.75f), -2);
  EXPECT_EQ(significant_bits(0.75f), 2);
  EXPECT_EQ(significant_bits(-4.0f), 1);
  EXPECT_EQ(significant_bits(0.0f), 0);
  EXPECT_EQ(significant_bits(-0.0f), 0);
  EXPECT_EQ(significant_bits(16777215.0f), 24);
  EXPECT_EQ(significant_bits(5.0f), 3);
  EXPECT_EQ(lowest_set_bit(std::numeric_limits<float>::denorm_min()), -149);
  EXPECT_EQ(lowest_set_bit(std::numeric_limits<float>::min()), -126);
  EXPECT_EQ(significant_bits(std::ldexp(3.0f, -149)), 2);
  EXPECT_EQ(lowest_set_bit(std::numeric_limits<float>::max()), 104);
}

TEST(SetBits, AreThoseOfTheValue) {
  for (uint32_t bits = 1; bits < 0x7f800000u; bits += 7919) {
    const auto v = std::bit_cast<float>(bits);
    const double unit = std::ldexp(1.0, lowest_set_bit(v));
    ASSERT_EQ(std::fmod(v / unit, 2.0), 1.0) << v;
    ASSERT_EQ(highest_set_bit(v), std::ilogb(v)) << v;
  }
}

TEST(ModeNames, AreReadBackAndOthersAreNot) {
  for (const Rounding r : kRoundings) EXPECT_EQ(rounding_named(to_string(r)), r);
  for (const Overflow o : kOverflows) EXPECT_EQ(overflow_named(to_string(o)), o);
  EXPECT_FALSE(rounding_named("rnd").has_value());
  EXPECT_FALSE(overflow_named("").has_value());
}

/// Rows: what each rounding makes of -2.5, -1.5, -1.25, -0.5, 0.5, 0.75, 1.5, 2.5.
TEST(RoundToInteger, TiesAndOthersByTheirMode) {
  constexpr std::array kValues{-2.5, -1.5, -1.25, -0.5, 0.5, 0.75, 1.5, 2.5};
  constexpr std::array<std::array<int, 8>, 7> kExpected{{{-3, -2, -2, -1, 0, 0, 1, 2},
                                                         {-2, -1, -1, 0, 1, 1, 2, 3},
                                                         {-2, -2, -1, 0, 0, 1, 2, 2},
                                                         {-2, -1, -1, 0, 0, 0, 1, 2},
                                                         {-2, -1, -1, 0, 0, 1, 1, 2},
                                                         {-3, -2, -1, -1, 0, 1, 1, 2},
                                                         {-3, -2, -1, -1, 1, 1, 2, 3}}};
  for (size_t r = 0; r < kRoundings.size(); ++r) {
    for (size_t v = 0; v < kValues.size(); ++v) {
      EXPECT_EQ(round_to_integer(kValues[v], kRoundings[r]), kExpected[r][v]) << to_string(kRoundings[r]) << kValues[v];
      EXPECT_EQ(shift_round(static_cast<int64_t>(kValues[v] * 4), 2, kRoundings[r]), kExpected[r][v]);
    }
  }
}

TEST(RoundToInteger, NextToATieIsNoTie) {
  const double below = std::nextafter(0.5, 0.0);
  EXPECT_EQ(round_to_integer(below, Rounding::kRnd), 0);
  EXPECT_EQ(round_to_integer(-below, Rounding::kRndMinInf), 0);
  EXPECT_EQ(round_to_integer(-below, Rounding::kRndInf), 0);
  EXPECT_EQ(round_to_integer(-0x1p-60, Rounding::kTrn), -1);
  EXPECT_EQ(round_to_integer(-0x1p-60, Rounding::kRnd), 0);
  EXPECT_EQ(round_to_integer(0x1p53 + 2, Rounding::kRnd), 0x1p53 + 2);
}

TEST(ShiftRound, FarShiftsLeaveTheSignOrNothing) {
  for (const int shift : {63, 64, 100, 122, 300}) {
    EXPECT_EQ(shift_round(int64_t{-1}, shift, Rounding::kTrn), -1);
    EXPECT_EQ(shift_round(int64_t{1}, shift, Rounding::kTrn), 0);
    EXPECT_EQ(shift_round(int64_t{-1}, shift, Rounding::kRnd), 0);
    EXPECT_EQ(shift_round(int64_t{-1}, shift, Rounding::kTrnZero), 0);
  }
  EXPECT_EQ(shift_round(int64_t{1} << 62, 63, Rounding::kRnd), 1);
  EXPECT_EQ(shift_round(int64_t{1} << 62, 63, Rounding::kRndConv), 0);
}

/// The same number as mantissa of 64 and 128 bits and as double, through every mode and many types: one answer.
TEST(Quantize, AllThreeFormsOfANumberAgree) {
  uint64_t state = 12345;
  const auto random = [&state](int64_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<int64_t>((state >> 33) % static_cast<uint64_t>(n));
  };
  int64_t outside = 0;
  for (int round = 0; round < 20000; ++round) {
    const auto k = static_cast<int>(random(2));
    const Kbi type{.k = k, .b = static_cast<int>(random(40)) + k, .i = static_cast<int>(random(60)) - 30};
    const int fraction = static_cast<int>(random(80)) - 40;
    const int64_t mantissa = random(int64_t{1} << random(31)) - random(int64_t{1} << random(31));
    const double value = std::ldexp(static_cast<double>(mantissa), -fraction);
    for (const Rounding rounding : kRoundings) {
      for (const Overflow overflow : kOverflows) {
        const Quantized a = quantize(mantissa, fraction, type, rounding, overflow);
        const Quantized b = quantize(Int128{mantissa}, fraction, type, rounding, overflow);
        const Quantized c = quantize(value, type, rounding, overflow);
        ASSERT_EQ(a.mantissa, b.mantissa);
        ASSERT_EQ(a.outside, b.outside);
        ASSERT_EQ(a.mantissa, c.mantissa) << value << " to " << k << " " << type.b << " " << type.i << " "
                                          << to_string(rounding) << " " << to_string(overflow);
        ASSERT_EQ(a.outside, c.outside);
        const MantissaRange range = mantissa_range(type.k, type.b);
        ASSERT_GE(a.mantissa, range.low);
        ASSERT_LE(a.mantissa, range.high);
        outside += a.outside;
      }
    }
  }
  EXPECT_GT(outside, 100000);
}

TEST(Quantize, WrapIsModuloEvenFarOutside) {
  const Kbi type{.k = 1, .b = 8, .i = 8};
  const Int128 far = (Int128{1} << 100) + 129;
  EXPECT_EQ(quantize(far, 0, type, Rounding::kTrn, Overflow::kWrap).mantissa, 129 - 256);
  EXPECT_EQ(quantize(-far, 0, type, Rounding::kTrn, Overflow::kWrap).mantissa, 127);
  EXPECT_EQ(quantize(far, 0, type, Rounding::kTrn, Overflow::kSat).mantissa, 127);
  EXPECT_EQ(quantize(-far, 0, type, Rounding::kTrn, Overflow::kSatSym).mantissa, -127);
  EXPECT_EQ(quantize(1e30, type, Rounding::kTrn, Overflow::kWrap).mantissa, 0);
  // 3 * 2^130 and 3 * 2^6: beyond 128 bits nothing is lost but whole periods.
  EXPECT_EQ(quantize(int64_t{3}, -130, type, Rounding::kTrn, Overflow::kWrap).mantissa, 0);
  EXPECT_TRUE(quantize(int64_t{3}, -130, type, Rounding::kTrn, Overflow::kWrap).outside);
  EXPECT_EQ(quantize(int64_t{3}, -6, type, Rounding::kTrn, Overflow::kWrap).mantissa, 192 - 256);
  EXPECT_EQ(quantize(int64_t{-3}, -130, type, Rounding::kTrn, Overflow::kSat).mantissa, -128);
}

TEST(Quantize, TheEndsOfTheWidestTypeAreInRange) {
  const Kbi type{.k = 1, .b = kMaxFixedBits, .i = kMaxFixedBits};
  const auto [low, high] = mantissa_range(1, kMaxFixedBits);
  for (const Overflow overflow : {Overflow::kWrap, Overflow::kSat, Overflow::kSatZero, Overflow::kWrapSm}) {
    EXPECT_EQ(quantize(low, 0, type, Rounding::kRnd, overflow).mantissa, low);
    EXPECT_EQ(quantize(high, 0, type, Rounding::kRnd, overflow).mantissa, high);
    EXPECT_FALSE(quantize(high, 0, type, Rounding::kRnd, overflow).outside);
    EXPECT_TRUE(quantize(high + 1, 0, type, Rounding::kRnd, overflow).outside);
  }
  EXPECT_EQ(apply_overflow(high + 1, 1, kMaxFixedBits, Overflow::kWrap), low);
  EXPECT_EQ(apply_overflow(low, 1, kMaxFixedBits, Overflow::kSatSym), -high);
}

TEST(Quantize, NoBitsMaskWhateverComesWhichIsNoOverflow) {
  const Kbi none{.k = 0, .b = 0, .i = 0};
  for (const double v : {0.4, 0.6, -7.0, 1e30}) {
    EXPECT_EQ(quantize(v, none, Rounding::kRnd, Overflow::kWrap).mantissa, 0) << v;
    EXPECT_FALSE(quantize(v, none, Rounding::kRnd, Overflow::kWrap).outside) << v;
  }
}

TEST(ToFloat, IsTheValue) {
  EXPECT_EQ(to_float(int64_t{-7}, 2), -1.75f);
  EXPECT_EQ(to_float(Int128{3}, -4), 48.0f);
  EXPECT_EQ(to_float(int64_t{16777217}, 0), 16777216.0f);
}

/// quantization.md 3.3: where HGQ, and so this library, does not do as ap_fixed; no conversion makes these.
bool differs_from_ap_fixed(const Kbi& type, const std::string& rounding, const std::string& overflow) {
  return (overflow == "SAT_SYM" && type.k == 1 && type.b == 1) || (overflow == "WRAP_SM" && rounding != "TRN");
}

/// All roundings and overflow modes on 16 widths, against numbers of Python HGQ's own fixed-point emulation, and of
/// hls4ml's ap_fixed (not a number where it has no such type).
TEST(Quantize, EqualsPythonHgqAndApFixedInEveryMode) {
  const auto file = h5::File::open(std::string(HGQ_SOURCE_DIR) + "/tests/golden/fixed_point.h5");
  const std::vector<std::string> roundings = file.attribute_strings("rounding");
  const std::vector<std::string> overflows = file.attribute_strings("overflow");
  ASSERT_EQ(roundings.size(), 7u);
  ASSERT_EQ(overflows.size(), 5u);
  int64_t compared = 0;
  int64_t compared_with_ap = 0;
  int64_t differ_from_ap = 0;
  for (const std::string& name : file.names()) {
    if (!file.is_group(name)) continue;
    const h5::Group group = file.group(name);
    const Kbi type{.k = static_cast<int>(group.attribute_integer("k")),
                   .b = static_cast<int>(group.attribute_integer("b")),
                   .i = static_cast<int>(group.attribute_integer("i"))};
    const Tensor x = group.read_floats("x");
    const Tensor expected = group.read_floats("hgq");
    const Tensor ap_fixed = group.read_floats("ap");
    const float* next = expected.data();
    const float* next_ap = ap_fixed.data();
    for (const std::string& rounding : roundings) {
      for (const std::string& overflow : overflows) {
        for (const float v : x.values()) {
          const Quantized q = quantize(double{v}, type, *rounding_named(rounding), *overflow_named(overflow));
          const float value = to_float(q.mantissa, type.fraction());
          ASSERT_EQ(value, *next++) << name << " " << rounding << " " << overflow << " " << v;
          ++compared;
          const float ap = *next_ap++;
          if (std::isnan(ap)) continue;
          ++compared_with_ap;
          if (value == ap) continue;
          ++differ_from_ap;
          ASSERT_TRUE(differs_from_ap_fixed(type, rounding, overflow))
              << name << " " << rounding << " " << overflow << " " << v << ": " << value << ", ap_fixed " << ap;
        }
      }
    }
  }
  EXPECT_EQ(compared, 102480);
  EXPECT_EQ(compared_with_ap, 95200);
  EXPECT_EQ(differ_from_ap, 593);
}

}  // namespace fixed_point_test
}  // namespace hgq
