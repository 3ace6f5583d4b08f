// Fixed-point numbers: where the bits of a float stand, and how a number is brought into k, b, i.
//
// A fixed-point type has a sign (k = 1) or none (k = 0), b bits with the sign, i of them before the binary point, the
// sign counted; so b - i bits behind the point (negative: the last bits before the point are missing). This is
// ap_fixed<b, i> of hls4ml. A value is an integer, its mantissa, times 2^-(b - i). HGQ counts its integer bits without
// the sign: Kif, where b = k + i + f.
//
//   1.75 = 0b1.11:  highest_set_bit 0, lowest_set_bit -2, significant_bits 3, top_bit 1 (quantization.md 1.6, 1.5)
//   quantize(1.75, {.k = 1, .b = 3, .i = 2}, Rounding::kRnd, Overflow::kWrap)
//                   1.75 * 2 = 3.5 -> 4, outside -4 .. 3 -> -4: -2.0
//
// All functions here are exact, with the seven roundings and five overflow modes of quantization.md 3.3; ap_fixed
// agrees where the specification says so. Numbers come as doubles (data, results of tanh ...), as int64 mantissas, and
// as 128-bit ones (sums that 64 bits cannot hold). Used by the quantizers' bits and by the emulator of the proxy
// (proxy).
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hgq {

__extension__ typedef __int128 Int128;

// --- where the bits of a float stand ---

/// floor(log2 |v|), exactly, subnormal numbers too; 0 -> -inf, infinite -> inf, NaN -> NaN. A loop over it is
/// vectorised.
inline float floor_log2(float v) {
  const uint32_t magnitude = std::bit_cast<uint32_t>(v) & 0x7fffffffu;
  // A subnormal number is its bits times 2^-149; taken for an integer, they become a float with a leading one.
  const bool subnormal = magnitude < 0x00800000u;
  const uint32_t as_normal =
      subnormal ? std::bit_cast<uint32_t>(static_cast<float>(static_cast<int32_t>(magnitude))) : magnitude;
  const auto exponent = static_cast<float>(static_cast<int32_t>(as_normal >> 23) - (subnormal ? 127 + 149 : 127));
  const float finite = magnitude == 0 ? -std::numeric_limits<float>::infinity() : exponent;
  return magnitude >= 0x7f800000u ? std::bit_cast<float>(magnitude) : finite;
}

/// floor(log2 |v|) + 1: the place just above the highest set bit, `I` of quantization.md 1.5. Special values as in
/// floor_log2.
inline float top_bit(float v) { return floor_log2(v) + 1.0f; }

/// ceil(log2 |v|), exactly. Special values as in floor_log2.
inline float ceil_log2(float v) {
  const uint32_t magnitude = std::bit_cast<uint32_t>(v) & 0x7fffffffu;
  const uint32_t rest = magnitude < 0x00800000u ? magnitude & (magnitude - 1) : magnitude & 0x007fffffu;
  return floor_log2(v) + (rest != 0 && magnitude < 0x7f800000u ? 1.0f : 0.0f);
}

/// Exponent of the highest and the lowest set bit: 0.75 = 2^-1 + 2^-2 has -1 and -2. `v` finite and not 0.
int highest_set_bit(float v);
int lowest_set_bit(float v);

/// Bits from the highest to the lowest set one, the exact bits of a kernel element (quantization.md 1.6): 0.75 has 2, 4
/// has 1, 0 has 0. `v` finite.
int significant_bits(float v);

// --- types and modes ---

/// Bits as HGQ counts them: sign, integer bits without it, fractional bits.
struct Kif {
  int k = 0, i = 0, f = 0;
  int bits() const { return k + i + f; }
  bool operator==(const Kif&) const = default;
};

/// Bits as ap_fixed and the proxy's files count them: sign, all bits, integer bits with the sign.
struct Kbi {
  int k = 0, b = 0, i = 0;
  int fraction() const { return b - i; }
  bool operator==(const Kbi&) const = default;
};

/// Widest type that quantize() takes.
inline constexpr int kMaxFixedBits = 60;

/// Named as in hls4ml. Ties (exact halves) of the RND family go up, to even (CONV), to 0, down (MIN_INF), away from 0
/// (INF); TRN rounds down, TRN_ZERO to 0.
enum class Rounding : uint8_t { kTrn, kRnd, kRndConv, kTrnZero, kRndZero, kRndMinInf, kRndInf };
/// What becomes of values outside: modulo, the nearest end, 0, the nearest end of a symmetric range, reflection at the
/// ends.
enum class Overflow : uint8_t { kWrap, kSat, kSatZero, kSatSym, kWrapSm };

/// "RND_CONV", "SAT_SYM" ..., the words of the proxy's files and of hls4ml.
std::string_view to_string(Rounding rounding);
std::string_view to_string(Overflow overflow);
std::vector<std::string> rounding_names();
std::vector<std::string> overflow_names();
/// nullopt for any other name.
std::optional<Rounding> rounding_named(std::string_view name);
std::optional<Overflow> overflow_named(std::string_view name);

// --- rounding and overflow ---

/// `v` rounded to an integer. `v` finite.
double round_to_integer(double v, Rounding rounding);

/// mantissa / 2^shift rounded to an integer; shift <= 0 multiplies, and the product must fit. Magnitudes below 2^120.
int64_t shift_round(int64_t mantissa, int shift, Rounding rounding);
Int128 shift_round(Int128 mantissa, int shift, Rounding rounding);

/// Smallest and largest mantissa of `b` bits, 0 <= b <= kMaxFixedBits: 0 and 2^b - 1, or -2^(b-1) and 2^(b-1) - 1; 0
/// and 0 where b is 0.
struct MantissaRange {
  int64_t low = 0, high = 0;
};
MantissaRange mantissa_range(int k, int b);

/// `mantissa` brought into the range of `b` bits.
int64_t apply_overflow(int64_t mantissa, int k, int b, Overflow overflow);

struct Quantized {
  int64_t mantissa = 0;  // in units of 2^-type.fraction()
  bool outside = false;  // the rounded value was out of range; never where b = 0, which masks whatever comes
};

/// quantization.md 3.3: the mantissa of sat(rnd(x 2^(b-i))), for x = v, the value of a float, or x = mantissa *
/// 2^-fraction, |mantissa| < 2^120. type.b <= kMaxFixedBits; the fractions may be anything an int8 holds, and their
/// differences.
Quantized quantize(double v, Kbi type, Rounding rounding, Overflow overflow);
Quantized quantize(int64_t mantissa, int fraction, Kbi type, Rounding rounding, Overflow overflow);
Quantized quantize(Int128 mantissa, int fraction, Kbi type, Rounding rounding, Overflow overflow);

/// mantissa * 2^-fraction as the nearest float; exact below 2^24.
float to_float(int64_t mantissa, int fraction);
float to_float(Int128 mantissa, int fraction);

}  // namespace hgq
