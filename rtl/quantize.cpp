#include "hgq/rtl/quantize.h"

#include <algorithm>
#include <vector>

#include "hgq/core/error.h"

namespace hgq::rtl {
namespace {

Feature feature(const CircuitBuilder& b, const Operand& operand, int exponent) {
  if (operand.node < 0 || b.range(operand.node) == Interval{}) return {};
  return {operand.node, operand.shift + exponent};
}

int32_t any_of(CircuitBuilder& b, const Operand& x) { return x.node < 0 ? b.constant(0) : b.any(x.node); }

/// Whether `bits` bits are all 1. The lowest bits of a shifted value are 0, and so are those that its wire has not.
int32_t all_of(CircuitBuilder& b, const Operand& x, int bits) {
  return x.node < 0 || x.shift > 0 || b.bits(x.node) < bits ? b.constant(0) : b.all(x.node);
}

int32_t inverse(CircuitBuilder& b, int32_t bit) { return b.inverted(bit, 1); }

/// floor(x / 2^cut), and 1 more where the mode rounds up.
Operand rounded(CircuitBuilder& b, int32_t x, int cut, Rounding rounding) {
  const Operand floor = b.upper({x, 0, false}, cut);
  const Interval r = b.range(x);
  const auto any_below = [&](int position) {
    return position <= 0 ? b.constant(0) : any_of(b, b.slice({x, 0, false}, 0, std::min(position, b.bits(x)), false));
  };
  const auto half = [&] { return b.bit(x, cut - 1); };
  const auto half_and = [&](int32_t condition) {
    return b.conjunction(half(), b.disjunction(any_below(cut - 1), condition));
  };
  int32_t up = -1;
  switch (rounding) {
    case Rounding::kTrn:
      return floor;
    case Rounding::kTrnZero:
      up = b.conjunction(b.sign(x), any_below(cut));
      break;
    case Rounding::kRnd:
      up = half();
      break;
    case Rounding::kRndMinInf:
      up = half_and(b.constant(0));
      break;
    case Rounding::kRndConv:
      up = half_and(b.bit(x, cut));
      break;
    case Rounding::kRndZero:
      up = half_and(b.sign(x));
      break;
    case Rounding::kRndInf:
      up = half_and(inverse(b, b.sign(x)));
      break;
  }
  // Rounding never changes the order of two values.
  const Interval known{shift_round(r.low, cut, rounding), shift_round(r.high, cut, rounding)};
  return b.positive(b.add(floor, {up, 0, false}, known));
}

/// Where a value lies outside the range of `bits` bits, given its range.
struct Outside {
  int32_t above = -1;  // 1 bit each; -1: never
  int32_t below = -1;
};

Outside outside(CircuitBuilder& b, const Operand& x, const Kbi& type) {
  const MantissaRange of_type = mantissa_range(type.k, type.b);
  const Interval r = b.range_of(x);
  Outside out;
  const int value_bits = top_bit(r) - (r.low < 0 ? 1 : 0);  // without the sign
  const int first = type.b - type.k;
  const Operand upper = value_bits > first ? b.slice(x, first, value_bits - first, false) : Operand{};
  const int32_t sign = b.sign(x.node);
  if (r.high > of_type.high) out.above = b.conjunction(any_of(b, upper), inverse(b, sign));
  if (r.low < of_type.low)
    out.below = type.k == 0 ? sign : b.conjunction(sign, inverse(b, all_of(b, upper, value_bits - first)));
  return out;
}

Operand constant(CircuitBuilder& b, int64_t value) {
  return value == 0 ? Operand{} : Operand{b.constant(value), 0, false};
}

Operand saturated(CircuitBuilder& b, const Operand& x, const Kbi& type, bool to_zero) {
  const Outside out = outside(b, x, type);
  const MantissaRange of_type = mantissa_range(type.k, type.b);
  const Operand high = constant(b, to_zero ? 0 : of_type.high);
  const Operand low = constant(b, to_zero ? 0 : of_type.low);
  const Operand inside = b.slice(x, 0, type.b, type.k != 0);
  if (out.above < 0 && out.below < 0) return inside;
  if (out.below < 0) return b.mux(out.above, high, inside);
  if (out.above < 0) return b.mux(out.below, low, inside);
  // The end that is meant is chosen first: it takes the sign alone, which is there early.
  const Operand end = b.mux(b.sign(x.node), low, high);
  return b.mux(b.disjunction(out.above, out.below), end, inside);
}

/// The lowest value of a type with a sign becomes the one above it: 100...0 becomes 100...1.
Operand symmetric(CircuitBuilder& b, const Operand& x, const Kbi& type) {
  if (type.k == 0 || x.node < 0 || b.range_of(x).low > mantissa_range(1, type.b).low) return x;
  if (type.b == 1) return {};
  const int32_t sign = b.sign(x.node);
  const Operand body = b.slice(x, 0, type.b - 1, false);
  const int32_t is_lowest = b.conjunction(sign, inverse(b, any_of(b, body)));
  const int32_t last = b.disjunction(x.shift > 0 ? b.constant(0) : b.bit(x.node, 0), is_lowest);
  Operand upper = b.slice(x, 1, type.b - 1, true);
  if (upper.node >= 0) ++upper.shift;
  return b.add(upper, {last, 0, false});
}

/// Modulo two ranges, of which the second is reflected.
Operand reflected(CircuitBuilder& b, const Operand& x, const Kbi& type) {
  const auto bit = [&](int position) {
    return x.node < 0 || position < x.shift ? b.constant(0) : b.bit(x.node, position - x.shift);
  };
  const int body_bits = type.b - type.k;
  const Operand body = b.slice(x, 0, body_bits, false);
  // With a sign, bit b is that of the result, and the others are inverted where it differs from bit b - 1.
  const int32_t differs = bit(type.b);
  int32_t flip = differs;
  if (type.k != 0) {
    const int32_t below = bit(type.b - 1);
    flip = b.disjunction(b.conjunction(differs, inverse(b, below)), b.conjunction(below, inverse(b, differs)));
  }
  Operand flipped;
  if (body_bits > 0) {
    Operand plain = body;
    // The inverse is that of all bits, also of those that a shift leaves 0.
    Operand other;
    if (plain.node < 0) {
      other = constant(b, (int64_t{1} << body_bits) - 1);
    } else {
      const int zeros = plain.shift;
      other = {b.inverted(plain.node, body_bits - zeros), zeros, false};
      if (zeros > 0) other = b.add(other, constant(b, (int64_t{1} << zeros) - 1));
    }
    flipped = b.mux(flip, other, plain);
  }
  if (type.k == 0) return flipped;
  const Operand sign = b.slice({differs, 0, false}, 0, 1, true);  // 0 or -1
  return b.add(flipped, sign.node < 0 ? Operand{} : Operand{sign.node, sign.shift + body_bits, false});
}

Operand overflowed(CircuitBuilder& b, const Operand& x, const Kbi& type, Overflow overflow) {
  const MantissaRange of_type = mantissa_range(type.k, type.b);
  const Interval r = b.range_of(x);
  const bool fits = of_type.low <= r.low && r.high <= of_type.high;
  if (overflow == Overflow::kSatSym) return symmetric(b, fits ? x : saturated(b, x, type, false), type);
  if (fits) return x;
  switch (overflow) {
    case Overflow::kWrap:
      break;
    case Overflow::kSat:
    case Overflow::kSatSym:
      return saturated(b, x, type, false);
    case Overflow::kSatZero:
      return saturated(b, x, type, true);
    case Overflow::kWrapSm:
      return reflected(b, x, type);
  }
  return b.slice(x, 0, type.b, type.k != 0);
}

/// The values as operands at the smallest exponent among them.
std::vector<Operand> aligned(std::span<const Feature> values, int& exponent) {
  bool first = true;
  for (const Feature& value : values) {
    if (value.node < 0) continue;
    exponent = first ? value.exponent : std::min(exponent, value.exponent);
    first = false;
  }
  std::vector<Operand> operands;
  for (const Feature& value : values)
    operands.push_back(value.node < 0 ? Operand{} : Operand{value.node, value.exponent - exponent, false});
  return operands;
}

Operand larger(CircuitBuilder& b, const Operand& x, const Operand& y) {
  const Interval p = b.range_of(x);
  const Interval q = b.range_of(y);
  return b.mux(b.less(x, y), y, x, {std::max(p.low, q.low), std::max(p.high, q.high)});
}

/// Joins neighbours until one is left, so that the depth is the least.
template <typename F>
Operand joined(std::vector<Operand> operands, F join) {
  while (operands.size() > 1) {
    std::vector<Operand> halves;
    for (size_t i = 0; i < operands.size(); i += 2)
      halves.push_back(i + 1 < operands.size() ? join(operands[i], operands[i + 1]) : operands[i]);
    operands = std::move(halves);
  }
  return operands.front();
}

/// x * 2^shift, or another value that becomes the same in a type, for types so fine that the product would be too wide.
Operand shifted(CircuitBuilder& b, int32_t x, int shift, const Kbi& type, Overflow overflow) {
  constexpr int kMostBits = 62;
  // From one bit above the type on, all bits of the type are 0, and every value but 0 is outside.
  shift = std::min(shift, type.b + 1);
  if (top_bit(b.range(x)) + shift <= kMostBits) return {x, shift, false};
  const bool wraps = overflow == Overflow::kWrap || overflow == Overflow::kWrapSm;
  Operand narrow{x, 0, false};
  if (wraps) {
    narrow = b.slice(narrow, 0, type.b + 1 - shift, false);
  } else {
    const int bits = type.b + 3 - shift;  // what it saturates to is still outside
    narrow = overflowed(b, narrow, {.k = 1, .b = bits, .i = bits}, Overflow::kSat);
  }
  narrow.shift += shift;
  return narrow;
}

}  // namespace

Feature quantized(CircuitBuilder& builder, const Feature& x, const Kbi& type, Rounding rounding, Overflow overflow) {
  if (type.b == 0 || x.node < 0) return {};
  const int unit = -type.fraction();
  if (builder.is_constant(x.node)) {
    const int64_t value = quantize(builder.range(x.node).low, -x.exponent, type, rounding, overflow).mantissa;
    return value == 0 ? Feature{} : Feature{builder.constant(value), unit};
  }
  // A value below half of the unit gives the same, however far below.
  const int cut = std::min(unit - x.exponent, top_bit(builder.range(x.node)) + 1);
  const Operand whole =
      cut <= 0 ? shifted(builder, x.node, -cut, type, overflow) : rounded(builder, x.node, cut, rounding);
  return whole.node < 0 ? Feature{} : feature(builder, overflowed(builder, whole, type, overflow), unit);
}

Feature relu(CircuitBuilder& builder, const Feature& x) {
  if (x.node < 0) return {};
  const Interval r = builder.range(x.node);
  if (r.low >= 0) return x;
  if (r.high <= 0) return {};
  const Operand body = builder.slice({x.node, 0, false}, 0, builder.bits(x.node) - 1, false);
  return feature(builder, builder.mux(builder.sign(x.node), {}, body, {0, r.high}), x.exponent);
}

Feature largest(CircuitBuilder& builder, std::span<const Feature> values) {
  int exponent = 0;
  std::vector<Operand> operands = aligned(values, exponent);
  return feature(builder,
                 joined(std::move(operands), [&](const Operand& x, const Operand& y) { return larger(builder, x, y); }),
                 exponent);
}

Feature argmax(CircuitBuilder& builder, std::span<const Feature> values) {
  int exponent = 0;
  std::vector<Operand> best = aligned(values, exponent);
  std::vector<Operand> index;
  for (size_t i = 0; i < best.size(); ++i) index.push_back(constant(builder, static_cast<int64_t>(i)));
  while (best.size() > 1) {
    std::vector<Operand> values_left;
    std::vector<Operand> indices_left;
    for (size_t i = 0; i < best.size(); i += 2) {
      const bool alone = i + 1 == best.size();
      values_left.push_back(alone ? best[i] : larger(builder, best[i], best[i + 1]));
      indices_left.push_back(alone ? index[i]
                                   : builder.mux(builder.less(best[i], best[i + 1]), index[i + 1], index[i]));
    }
    best = std::move(values_left);
    index = std::move(indices_left);
  }
  return feature(builder, index.front(), 0);
}

Feature sum(CircuitBuilder& builder, std::span<const Feature> values) {
  if (values.empty()) return {};
  int exponent = 0;
  std::vector<Operand> operands = aligned(values, exponent);
  return feature(builder,
                 joined(std::move(operands), [&](const Operand& x, const Operand& y) { return builder.add(x, y); }),
                 exponent);
}

}  // namespace hgq::rtl
