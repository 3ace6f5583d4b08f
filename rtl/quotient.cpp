#include "hgq/rtl/quotient.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/core/fixed_point.h"
#include "hgq/rtl/function_table.h"
#include "hgq/rtl/graph_copy.h"
#include "hgq/rtl/quantize.h"

namespace hgq::rtl {
namespace {

constexpr int kMostSumBits = 29;  // then the product with the reciprocal has at most 60
constexpr int64_t kMostCount = int64_t{1} << 16;
constexpr int kMostTableBits = 8;  // a table of so many index bits is smaller than a division
constexpr int kReciprocals = 4;    // the cheapest of so many is taken
constexpr int kMostFractionBits = 56;
constexpr int kMostMeanBits = 90;

/// The mean of a sum of value code * 2^exponent.
Int128 mantissa_of(int64_t code, int exponent, const Quotient& quotient) {
  return (Int128{code} << (quotient.fraction + exponent)) / quotient.count;
}

/// f for each number that a wire can have, in a table.
template <typename F>
int32_t table_of(CircuitBuilder& builder, int32_t index, F f) {
  std::vector<int64_t> entries;
  for (const std::optional<int64_t> number : numbers_of_codes(builder.node(index)))
    entries.push_back(number ? static_cast<int64_t>(f(*number)) : 0);
  return builder.table(index, std::move(entries));
}

Feature to_feature(CircuitBuilder& builder, const Operand& operand, int exponent) {
  const Operand positive = builder.positive(operand);
  return positive.node < 0 ? Feature{} : Feature{positive.node, positive.shift + exponent};
}

/// sum / count = x * 2^exponent / divisor.
struct Fraction {
  Operand x;
  int exponent = 0;
  int64_t divisor = 1;  // odd
};

Fraction fraction_of(const CircuitBuilder& builder, const Feature& sum, const Quotient& quotient,
                     std::string_view where) {
  HGQ_CHECK(quotient.count <= kMostCount, ConfigError, where, ": averages ", quotient.count,
            " values, expected at most ", kMostCount, " in a circuit; use smaller windows");
  HGQ_CHECK(builder.bits(sum.node) <= kMostSumBits || std::has_single_bit(static_cast<uint64_t>(quotient.count)),
            ConfigError, where, ": the sum that is divided by ", quotient.count, " has ", builder.bits(sum.node),
            " bits, expected at most ", kMostSumBits,
            "; quantize the values before it to fewer bits, or average 2, 4, 8 ... values");
  // The mean of the largest sum has less than 2^120 units of its last bit, the most that quantize() takes.
  HGQ_CHECK(quotient.fraction + sum.exponent <= kMostMeanBits, ConfigError, where,
            ": averages values whose last bits are ", quotient.fraction + sum.exponent,
            " bits above those of the mean, expected at most ", kMostMeanBits, "; give them more even fractions");
  const int twos = std::countr_zero(static_cast<uint64_t>(quotient.count));
  return {{sum.node, 0, false}, sum.exponent - twos, quotient.count >> twos};
}

void check_fraction(int bits, std::string_view where) {
  HGQ_CHECK(bits <= kMostFractionBits, ConfigError, where, ": its mean is read with ", bits,
            " bits below those of the sum, expected at most ", kMostFractionBits,
            "; quantize it to fewer fractional bits, or the values before it to more even ones");
}

}  // namespace

/// The product of the range with the reciprocal is right at both ends, and so between them.
const Divider::Reciprocal& Divider::reciprocal(const Interval& range, int64_t divisor) {
  const auto [found, is_new] = reciprocals_.try_emplace({range.low, range.high, divisor});
  if (!is_new) return found->second;
  std::optional<int64_t> least;
  int tried = 0;
  for (int bits = 0; tried < kReciprocals; ++bits) {
    const Int128 one = Int128{1} << bits;
    for (const int64_t up : {0, 1}) {
      const auto factor = static_cast<int64_t>(one / divisor) + up;
      // What the product is too large, times divisor * 2^bits; it must be at least 0 and below 2^bits.
      const Int128 at_low = Int128{range.low} * factor * divisor - Int128{range.low} * one;
      const Int128 at_high = Int128{range.high} * factor * divisor - Int128{range.high} * one;
      const Int128 missing = -std::min(at_low, at_high);
      const Int128 added = missing > 0 ? (missing + divisor - 1) / divisor : 0;
      if (factor == 0 || std::max(at_low, at_high) + added * divisor >= one) continue;
      const MatrixProblem problem{
          .inputs = 1, .outputs = 1, .weights = {factor}, .ranges = {range}, .bias = {static_cast<int64_t>(added)}};
      AdderGraph graph = solve(problem, options_, workers_);
      const int64_t cost = cost_of(graph).bits;
      if (!least || cost < *least) {
        least = cost;
        found->second = {std::move(graph), bits};
      }
      ++tried;
    }
  }
  return found->second;
}

Operand Divider::floor_of(const Operand& x, int64_t divisor) {
  if (x.node < 0) return {};
  const Reciprocal& reciprocal = this->reciprocal(builder_.range_of(x), divisor);
  GraphCopy copy(builder_, reciprocal.graph, [&](int32_t /*input*/) { return x; });
  return builder_.upper(builder_.positive(copy.make(reciprocal.graph.outputs[0])), reciprocal.bits);
}

Divider::Division Divider::divide(const Operand& x, int64_t divisor) {
  Division division{floor_of(x, divisor)};
  const MatrixProblem problem{
      .inputs = 1, .outputs = 1, .weights = {divisor}, .ranges = {builder_.range_of(division.floor)}};
  const AdderGraph graph = solve(problem, options_, workers_);
  Operand product =
      GraphCopy(builder_, graph, [&](int32_t /*input*/) { return division.floor; }).make(graph.outputs[0]);
  product.negative ^= true;
  division.remainder = builder_.positive(builder_.add(x, product, {0, divisor - 1})).node;
  return division;
}

/// The quotient times 2^bits, rounded down; with a last bit that is 1 if anything is cut off.
Operand Divider::with_fraction(const Division& division, int64_t divisor, int bits, bool sticky) {
  const int below = bits + (sticky ? 1 : 0);
  if (below == 0 || division.remainder < 0) return division.floor;
  const int32_t fraction = table_of(builder_, division.remainder, [&](int64_t remainder) {
    const Int128 floor = (Int128{remainder} << bits) / divisor;
    return sticky ? 2 * floor + (remainder != 0 ? 1 : 0) : floor;
  });
  Operand whole = division.floor;
  whole.shift += below;
  return builder_.add(whole, {fraction, 0, false});
}

Feature Divider::whole(const Feature& sum, const Quotient& quotient, std::string_view where) {
  if (sum.node < 0) return {};
  const Fraction fraction = fraction_of(builder_, sum, quotient, where);
  const Operand& x = fraction.x;
  const int exponent = fraction.exponent;
  const int64_t divisor = fraction.divisor;
  if (divisor == 1) return {sum.node, exponent};
  const int bits = quotient.fraction + exponent;
  check_fraction(bits, where);
  if (builder_.bits(sum.node) <= kMostTableBits) {
    const int32_t node =
        table_of(builder_, sum.node, [&](int64_t code) { return mantissa_of(code, sum.exponent, quotient); });
    return to_feature(builder_, {node, 0, false}, -quotient.fraction);
  }
  const Division division = divide(x, divisor);
  // Rounding is toward 0, so negative means with a remainder are one step above the floor.
  const int remainder_bits = top_bit({0, divisor - 1});
  const int32_t sign = builder_.sign(x.node);
  const int32_t index =
      builder_.positive(builder_.add({division.remainder, 0, false}, {sign, remainder_bits, false})).node;
  const int32_t below = table_of(builder_, index, [&](int64_t code) {
    const int64_t remainder = code & ((int64_t{1} << remainder_bits) - 1);
    if (remainder >= divisor) return Int128{0};
    return (Int128{remainder} << bits) / divisor + (code != remainder && remainder != 0 ? 1 : 0);
  });
  Operand floor = division.floor;
  floor.shift += bits;
  return to_feature(builder_, builder_.add(floor, {below, 0, false}), -quotient.fraction);
}

Feature Divider::quantized(const Feature& sum, const Quotient& quotient, const Kbi& type,
                           const QuantizeOperation& quantize, std::string_view where) {
  const Rounding rounding = quantize.rounding;
  const Overflow overflow = quantize.overflow;
  if (sum.node < 0 || type.b == 0) return {};
  const Fraction fraction = fraction_of(builder_, sum, quotient, where);
  const Operand& x = fraction.x;
  const int exponent = fraction.exponent;
  const int64_t divisor = fraction.divisor;
  if (divisor == 1) return rtl::quantized(builder_, {sum.node, exponent}, type, rounding, overflow);
  if (builder_.bits(sum.node) <= kMostTableBits) {
    const int32_t node = table_of(builder_, sum.node, [&](int64_t code) {
      return hgq::quantize(mantissa_of(code, sum.exponent, quotient), quotient.fraction, type, rounding, overflow)
          .mantissa;
    });
    return to_feature(builder_, {node, 0, false}, -type.fraction());
  }
  // The bits that the type keeps, one more for the half, and whether anything is below: more is not read. All of that
  // is the same for the quotient and for the mean, which has many more bits than are read here.
  const bool floors = rounding == Rounding::kTrn;
  const bool sticky = !floors && rounding != Rounding::kRnd;
  int bits = type.fraction() + (floors ? 0 : 1) + exponent;  // below those of x
  const int remainder_bits = top_bit({0, divisor});
  if (bits + remainder_bits + 2 > quotient.fraction + exponent)
    return rtl::quantized(builder_, whole(sum, quotient, where), type, rounding, overflow);
  if (bits <= 0 && !sticky) {
    const int cut = std::min(-bits, top_bit(builder_.range(sum.node)) + 1);  // more gives the same: 0 or -1
    const Feature floor =
        to_feature(builder_, floor_of(builder_.positive(builder_.upper(x, cut)), divisor), exponent - bits);
    return rtl::quantized(builder_, floor, type, rounding, overflow);
  }
  bits = std::max(bits, 0);
  check_fraction(bits, where);
  const Operand mean = with_fraction(divide(x, divisor), divisor, bits, sticky);
  return rtl::quantized(builder_, to_feature(builder_, mean, exponent - bits - (sticky ? 1 : 0)), type, rounding,
                        overflow);
}

}  // namespace hgq::rtl
