// Fixed-point numbers: which bits of a float are set, and how a number is quantized to a type with k, b and i.
//
// A fixed-point type has a sign bit (k = 1) or none (k = 0), and b bits in all, of which i stand before the binary
// point; both counts include the sign. So b - i bits stand after the point; if b - i is negative, the last bits before
// the point are missing. This is ap_fixed<b, i> of hls4ml. A value is an integer, its mantissa, times 2^-(b - i). HGQ
// counts integer bits without the sign: Kif, where b = k + i + f.
//
//   1.75 = 0b1.11:  highest_set_bit 0, lowest_set_bit -2, significant_bits 3, top_bit 1 (quantization.md 1.6, 1.5)
//   quantize(1.75, {.k = 1, .b = 3, .i = 2}, Rounding::kRnd, Overflow::kWrap)
//                   1.75 * 2 = 3.5 -> 4, outside -4 .. 3 -> -4: -2.0
//
// All functions here are exact, with the seven rounding modes and five overflow modes of quantization.md 3.3, which
// also says where ap_fixed agrees. Numbers are given as doubles (data, results of tanh and the like), as int64
// mantissas, or as 128-bit mantissas (sums that 64 bits cannot hold). The quantizers use these functions for their
// bits, and the emulator of the proxy for its values.
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

// --- the bits of a float ---

/// floor(log2 |v|), exactly, also for subnormal numbers; 0 gives -inf, an infinity gives inf, NaN gives NaN. Compilers
/// can vectorize a loop over it.
inline float floor_log2(float v) {
  const uint32_t magnitude = std::bit_cast<uint32_t>(v) & 0x7fffffffu;
  // A subnormal number is its bits, read as an integer, times 2^-149. Converted to a float, that integer has a leading
  // one.
  const bool subnormal = magnitude < 0x00800000u;
  const uint32_t as_normal =
      subnormal ? std::bit_cast<uint32_t>(static_cast<float>(static_cast<int32_t>(magnitude))) : magnitude;
  const auto exponent = static_cast<float>(static_cast<int32_t>(as_normal >> 23) - (subnormal ? 127 + 149 : 127));
  const float finite = magnitude == 0 ? -std::numeric_limits<float>::infinity() : exponent;
  return magnitude >= 0x7f800000u ? std::bit_cast<float>(magnitude) : finite;
}

/// floor(log2 |v|) + 1: the exponent just above the highest set bit, `I` of quantization.md 1.5. Special values as in
/// floor_log2.
inline float top_bit(float v) { return floor_log2(v) + 1.0f; }

/// ceil(log2 |v|), exactly. Special values as in floor_log2.
inline float ceil_log2(float v) {
  const uint32_t magnitude = std::bit_cast<uint32_t>(v) & 0x7fffffffu;
  const uint32_t rest = magnitude < 0x00800000u ? magnitude & (magnitude - 1) : magnitude & 0x007fffffu;
  return floor_log2(v) + (rest != 0 && magnitude < 0x7f800000u ? 1.0f : 0.0f);
}

/// The exponents of the highest and of the lowest set bit: those of 0.75 = 2^-1 + 2^-2 are -1 and -2. `v` must be
/// finite and not 0.
int highest_set_bit(float v);
int lowest_set_bit(float v);

/// The number of bits from the highest to the lowest set bit, which are the exact bits of a kernel element
/// (quantization.md 1.6): 0.75 has 2, 4 has 1, 0 has 0. `v` must be finite.
int significant_bits(float v);

// --- types and modes ---

/// Bits as HGQ counts them: sign, integer bits without the sign, fractional bits.
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

/// The widest type that quantize() accepts.
inline constexpr int kMaxFixedBits = 60;

/// Named as in hls4ml. TRN rounds down, TRN_ZERO toward 0. The others round to the nearest integer; they differ in ties
/// (exact halves): RND rounds them up, RND_CONV to even, RND_ZERO toward 0, RND_MIN_INF down, RND_INF away from 0.
enum class Rounding : uint8_t { kTrn, kRnd, kRndConv, kTrnZero, kRndZero, kRndMinInf, kRndInf };
/// What a value out of range becomes. WRAP: the value modulo 2^b; SAT: the nearest end of the range; SAT_ZERO: 0;
/// SAT_SYM: the nearest end of a symmetric range; WRAP_SM: it is reflected at the ends.
enum class Overflow : uint8_t { kWrap, kSat, kSatZero, kSatSym, kWrapSm };

/// "RND_CONV", "SAT_SYM" and so on: the names in the files of proxies and in hls4ml.
std::string_view to_string(Rounding rounding);
std::string_view to_string(Overflow overflow);
std::vector<std::string> rounding_names();
std::vector<std::string> overflow_names();
/// nullopt for any other name.
std::optional<Rounding> rounding_named(std::string_view name);
std::optional<Overflow> overflow_named(std::string_view name);

// --- rounding and overflow ---

/// `v` rounded to an integer. `v` must be finite.
double round_to_integer(double v, Rounding rounding);

/// mantissa / 2^shift, rounded to an integer. A negative shift multiplies; the product must fit into the type.
/// Magnitudes must be below 2^120.
int64_t shift_round(int64_t mantissa, int shift, Rounding rounding);
Int128 shift_round(Int128 mantissa, int shift, Rounding rounding);

/// The smallest and the largest mantissa of `b` bits, 0 <= b <= kMaxFixedBits: 0 and 2^b - 1 without a sign, -2^(b-1)
/// and 2^(b-1) - 1 with a sign, and 0 and 0 if b is 0.
struct MantissaRange {
  int64_t low = 0, high = 0;
};
MantissaRange mantissa_range(int k, int b);

/// `mantissa`, wrapped or saturated to the range of `b` bits.
int64_t apply_overflow(int64_t mantissa, int k, int b, Overflow overflow);

struct Quantized {
  int64_t mantissa = 0;  // in units of 2^-type.fraction()
  bool outside = false;  // the rounded value was out of range; always false if b = 0, which masks every value
};

/// The mantissa of sat(rnd(x 2^(b-i))) (quantization.md 3.3), for x = v, the value of a float, or for x = mantissa *
/// 2^-fraction with |mantissa| < 2^120. type.b must be at most kMaxFixedBits. The fractions may be any number that fits
/// into an int8, or a difference of two of them.
Quantized quantize(double v, Kbi type, Rounding rounding, Overflow overflow);
Quantized quantize(int64_t mantissa, int fraction, Kbi type, Rounding rounding, Overflow overflow);
Quantized quantize(Int128 mantissa, int fraction, Kbi type, Rounding rounding, Overflow overflow);

/// mantissa * 2^-fraction as the nearest float; exact if |mantissa| < 2^24.
float to_float(int64_t mantissa, int fraction);
float to_float(Int128 mantissa, int fraction);

}  // namespace hgq
