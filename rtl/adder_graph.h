// A graph of shifts and adders that multiplies integers by a constant matrix, and what it costs.
//
//   y0 = 5 x0 + 3 x1:   node 2 = x0 + (x0 << 2),  node 3 = x1 + (x1 << 1),  node 4 = node 2 + node 3
//
// Values are exact integers. A node has the interval of its values, which is exact since the inputs are independent,
// and its lowest bit: all values are multiples of 2^low_bit. Hardware has bits low_bit up to top_bit(range) of it.
//
// Cost: an adder costs one cell for each bit from the lowest where both operands matter
// (the lowest bit of the operand that is subtracted) up to the top of its interval. Operands whose bits do not overlap
// are joined at no cost. Bits above those that a reader needs are not built.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace hgq::rtl {

/// All values from `low` to `high`, both included.
struct Interval {
  int64_t low = 0;
  int64_t high = 0;

  bool is_constant() const { return low == high; }
  friend bool operator==(const Interval&, const Interval&) = default;
};

/// The number of bits that hold the interval in two's complement, the sign bit counted if there are negative values.
inline int top_bit(const Interval& interval) {
  // For a negative value v the bits of -v - 1 = ~v are those below the sign.
  const auto below_sign = [](int64_t value) {
    return static_cast<int>(std::bit_width(static_cast<uint64_t>(value < 0 ? ~value : value)));
  };
  return std::max(below_sign(interval.low), below_sign(interval.high)) + (interval.low < 0 ? 1 : 0);
}
/// All values of so many bits, at most 63, in two's complement if there is a sign.
Interval interval_of_bits(int bits, bool is_signed);
/// The position of the lowest bit that is set; 62 for 0, which has none.
int lowest_bit(int64_t value);

/// A node times 2^shift, or minus that. Node -1 is zero.
struct Operand {
  int32_t node = -1;
  int32_t shift = 0;
  bool negative = false;
};

struct AdderNode {
  enum class Kind : uint8_t { kInput, kConstant, kAdder };

  Kind kind = Kind::kInput;
  Operand left, right;  // of an adder; the smaller shift is 0, and at most one of them is negative
  Interval range;
  int low_bit = 0;
  int depth = 0;  // adders on the longest way from an input, added to the arrival times of the inputs
  int cost = 0;   // of an adder whose bits are all needed
};

struct AdderGraph {
  std::vector<AdderNode> nodes;  // inputs first; each after those that it reads
  std::vector<Operand> outputs;  // one for each column of the matrix; not negative, shift of at least 0
};

/// What a graph costs if of output j only bits below needed[j] are read (-1, or no entry: all of them).
struct AdderCost {
  int adders = 0;
  int64_t bits = 0;
  int depth = 0;  // of the deepest output
};
AdderCost cost_of(const AdderGraph& graph, std::span<const int> needed = {});

/// Cells of left + right (or of the difference), for operands that are nodes of these properties.
struct OperandBits {
  Interval range;   // of the node, before the shift
  int low_bit = 0;  // of the node
  int shift = 0;
  bool negative = false;
};
inline int adder_cells(const OperandBits& left, const OperandBits& right, const Interval& result) {
  const int left_low = left.low_bit + left.shift;
  const int right_low = right.low_bit + right.shift;
  const int top = top_bit(result);
  if (left.negative || right.negative) return std::max(top - (left.negative ? left_low : right_low), 1);
  const bool left_below = left.range.low >= 0 && top_bit(left.range) + left.shift <= right_low;
  const bool right_below = right.range.low >= 0 && top_bit(right.range) + right.shift <= left_low;
  if (left_below || right_below) return 0;
  return std::max(top - std::max(left_low, right_low), 1);
}

/// The outputs for one row of inputs.
std::vector<int64_t> evaluate(const AdderGraph& graph, std::span<const int64_t> inputs);

}  // namespace hgq::rtl
