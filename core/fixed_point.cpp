#include "hgq/core/fixed_point.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace hgq {
namespace {

constexpr std::array<std::string_view, 7> kRoundingNames{"TRN",      "RND",         "RND_CONV", "TRN_ZERO",
                                                         "RND_ZERO", "RND_MIN_INF", "RND_INF"};
constexpr std::array<std::string_view, 5> kOverflowNames{"WRAP", "SAT", "SAT_ZERO", "SAT_SYM", "WRAP_SM"};

template <typename Enum, size_t kCount>
std::optional<Enum> find_name(const std::array<std::string_view, kCount>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

/// Whether a number is rounded up from its floor: `remainder` is its distance to the floor, and `half` is half of the
/// spacing.
template <typename T>
bool rounds_up(Rounding rounding, T remainder, T half, bool negative, bool floor_is_odd) {
  switch (rounding) {
    case Rounding::kTrn:
      return false;
    case Rounding::kRnd:
      return remainder >= half;
    case Rounding::kRndConv:
      return remainder > half || (remainder == half && floor_is_odd);
    case Rounding::kTrnZero:
      return negative && remainder != 0;
    case Rounding::kRndZero:
      return negative ? remainder >= half : remainder > half;
    case Rounding::kRndMinInf:
      return remainder > half;
    case Rounding::kRndInf:
      return negative ? remainder > half : remainder >= half;
  }
  return false;
}

/// `shift` must be in [1, bits of T - 2].
template <typename T>
T shift_right(T mantissa, int shift, Rounding rounding) {
  const T floor = mantissa >> shift;
  if (rounding == Rounding::kTrn) return floor;
  const T remainder = mantissa & static_cast<T>((T{1} << shift) - 1);
  const T half = T{1} << (shift - 1);
  return floor + static_cast<T>(rounds_up(rounding, remainder, half, mantissa < 0, (floor & 1) != 0));
}

/// `m` must be in [-2^62, 2^62] and 0 < b <= kMaxFixedBits, so that all sums stay below 2^63.
int64_t bring_into_range(int64_t m, int k, int b, MantissaRange range, Overflow overflow) {
  const int64_t count = int64_t{1} << b;  // the number of values in range
  switch (overflow) {
    case Overflow::kWrap: {
      const int64_t low_bits = m & (count - 1);
      return low_bits > range.high ? low_bits - count : low_bits;
    }
    case Overflow::kSat:
      return std::clamp(m, range.low, range.high);
    case Overflow::kSatZero:
      return m < range.low || m > range.high ? 0 : m;
    case Overflow::kSatSym:
      return std::clamp(m, k != 0 ? -range.high : int64_t{0}, range.high);
    case Overflow::kWrapSm: {
      // The period is two ranges long: one as it is, and one reflected.
      const int64_t place = (m - range.low) & (2 * count - 1);
      return range.low + (place < count ? place : 2 * count - 1 - place);
    }
  }
  return 0;
}

bool is_periodic(Overflow overflow) { return overflow == Overflow::kWrap || overflow == Overflow::kWrapSm; }

/// An integer of at most 2^62 to which every overflow mode gives the same result as to the rounded `m`. The longest
/// period of a mode is 2^(b+1).
int64_t equivalent(int64_t m, int, Overflow) { return m; }
int64_t equivalent(Int128 m, int b, Overflow overflow) {
  constexpr Int128 kLimit = Int128{1} << 62;
  return static_cast<int64_t>(is_periodic(overflow) ? m & ((Int128{1} << (b + 1)) - 1)
                                                    : std::clamp(m, -kLimit, kLimit));
}
int64_t equivalent(double m, int b, Overflow overflow) {
  return static_cast<int64_t>(is_periodic(overflow) ? std::fmod(m, std::ldexp(1.0, b + 1))
                                                    : std::clamp(m, -0x1p62, 0x1p62));
}

/// Overflow of a rounded number. A double above 2^53 cannot equal an end of the range, but is on the right side of it.
template <typename T>
Quantized finish(T rounded, Kbi type, Overflow overflow) {
  if (type.b == 0) return {};
  const MantissaRange range = mantissa_range(type.k, type.b);
  const bool outside = rounded < static_cast<T>(range.low) || rounded >= static_cast<T>(range.high + 1);
  // SAT_SYM moves the lowest value, too, though it is in range.
  if (!outside && overflow != Overflow::kSatSym) return {static_cast<int64_t>(rounded), false};
  return {bring_into_range(equivalent(rounded, type.b, overflow), type.k, type.b, range, overflow), outside};
}

/// The bits of `m` without the sign: 0 for 0 and for -1.
int width(Int128 m) {
  const Int128 magnitude = m < 0 ? ~m : m;
  const auto high = static_cast<uint64_t>(magnitude >> 64);
  return high != 0 ? 128 - std::countl_zero(high) : 64 - std::countl_zero(static_cast<uint64_t>(magnitude));
}

/// mantissa * 2^shift for shift > 0; if that is too long, a shorter number that overflows to the same value of `b`
/// bits.
Int128 shift_left(Int128 mantissa, int shift, int b, Overflow overflow) {
  if (mantissa == 0) return 0;
  if (width(mantissa) + shift <= 120) return mantissa << shift;
  if (!is_periodic(overflow)) return mantissa < 0 ? -(Int128{1} << 120) : Int128{1} << 120;
  // Keeps the bits of the longest period, and sets a bit above them with the same sign, so that the number stays out of
  // range.
  const Int128 low_bits = shift > b + 1 ? 0 : (mantissa & ((Int128{1} << (b + 2 - shift)) - 1)) << shift;
  const Int128 far = Int128{1} << (b + 3);
  return mantissa < 0 ? low_bits - far : low_bits + far;
}

}  // namespace

int highest_set_bit(float v) { return static_cast<int>(floor_log2(v)); }

int lowest_set_bit(float v) {
  const uint32_t magnitude = std::bit_cast<uint32_t>(v) & 0x7fffffffu;
  const int exponent = static_cast<int>(magnitude >> 23);
  const uint32_t fraction = magnitude & 0x007fffffu;
  const uint32_t significand = exponent == 0 ? fraction : fraction | 0x00800000u;
  return std::max(exponent, 1) - 150 + std::countr_zero(significand);
}

int significant_bits(float v) { return v == 0.0f ? 0 : highest_set_bit(v) - lowest_set_bit(v) + 1; }

std::string_view to_string(Rounding rounding) { return kRoundingNames[static_cast<size_t>(rounding)]; }
std::string_view to_string(Overflow overflow) { return kOverflowNames[static_cast<size_t>(overflow)]; }
std::vector<std::string> rounding_names() { return {kRoundingNames.begin(), kRoundingNames.end()}; }
std::vector<std::string> overflow_names() { return {kOverflowNames.begin(), kOverflowNames.end()}; }
std::optional<Rounding> rounding_named(std::string_view name) { return find_name<Rounding>(kRoundingNames, name); }
std::optional<Overflow> overflow_named(std::string_view name) { return find_name<Overflow>(kOverflowNames, name); }

double round_to_integer(double v, Rounding rounding) {
  const double floor = std::floor(v);
  if (floor == v) return v;
  // The distance to the next integer toward 0 is exact; the distance to the floor would not be, for example for -2^-60.
  const double distance = std::fabs(v - std::trunc(v));
  const bool negative = v < 0;
  const bool nearer_above = negative ? distance < 0.5 : distance > 0.5;
  // Rounding only needs to know whether the remainder is below, at, or above a half: a quarter, a half and three
  // quarters stand for these cases.
  const int quarters = distance == 0.5 ? 2 : nearer_above ? 3 : 1;
  const bool floor_is_odd = std::fmod(floor, 2.0) != 0;
  return rounds_up(rounding, quarters, 2, negative, floor_is_odd) ? floor + 1 : floor;
}

Int128 shift_round(Int128 mantissa, int shift, Rounding rounding) {
  if (shift <= 0) return mantissa << -shift;
  // After a shift by 122 or more, every number below 2^120 is less than a half.
  return shift_right<Int128>(mantissa, std::min(shift, 122), rounding);
}

int64_t shift_round(int64_t mantissa, int shift, Rounding rounding) {
  if (shift <= 0) return mantissa << -shift;
  if (shift > 62) return static_cast<int64_t>(shift_round(Int128{mantissa}, shift, rounding));
  return shift_right<int64_t>(mantissa, shift, rounding);
}

MantissaRange mantissa_range(int k, int b) {
  assert(b >= 0 && b <= kMaxFixedBits && (k == 0 || k == 1));
  if (b == 0) return {};
  const int64_t high = (int64_t{1} << (b - k)) - 1;
  return {k != 0 ? -high - 1 : 0, high};
}

int64_t apply_overflow(int64_t mantissa, int k, int b, Overflow overflow) {
  return finish(Int128{mantissa}, {.k = k, .b = b, .i = 0}, overflow).mantissa;
}

Quantized quantize(double v, Kbi type, Rounding rounding, Overflow overflow) {
  return finish(round_to_integer(std::ldexp(v, type.fraction()), rounding), type, overflow);
}

Quantized quantize(Int128 mantissa, int fraction, Kbi type, Rounding rounding, Overflow overflow) {
  const int shift = fraction - type.fraction();
  if (shift < 0) return finish(shift_left(mantissa, -shift, type.b, overflow), type, overflow);
  return finish(shift_round(mantissa, shift, rounding), type, overflow);
}

Quantized quantize(int64_t mantissa, int fraction, Kbi type, Rounding rounding, Overflow overflow) {
  const int shift = fraction - type.fraction();
  constexpr int64_t kLimit = int64_t{1} << 62;
  if (shift < 0 || shift > 62 || mantissa < -kLimit || mantissa > kLimit) {
    return quantize(Int128{mantissa}, fraction, type, rounding, overflow);
  }
  return finish(shift == 0 ? mantissa : shift_right<int64_t>(mantissa, shift, rounding), type, overflow);
}

float to_float(int64_t mantissa, int fraction) { return std::ldexp(static_cast<float>(mantissa), -fraction); }
float to_float(Int128 mantissa, int fraction) { return std::ldexp(static_cast<float>(mantissa), -fraction); }

}  // namespace hgq
