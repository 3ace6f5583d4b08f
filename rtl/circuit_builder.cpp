#include "hgq/rtl/circuit_builder.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/core/fixed_point.h"

namespace hgq::rtl {
namespace {

constexpr int kMostBits = 62;
constexpr int64_t kMostMagnitude = int64_t{1} << kMostBits;

Interval intersection(const Interval& a, const Interval& b) {
  return {std::max(a.low, b.low), std::min(a.high, b.high)};
}

bool contains(const Interval& outer, const Interval& inner) {
  return outer.low <= inner.low && inner.high <= outer.high;
}

/// value * 2^shift; for shifts from 64 on another product that is too wide as well, unless it is 0.
Int128 times_power(int64_t value, int shift) { return Int128{value} * (Int128{1} << std::min(shift, 64)); }

/// A number of `bits` bits, from the lowest of `value`.
int64_t wrapped(int64_t value, int bits, bool is_signed) {
  if (bits == 0) return 0;
  const uint64_t mask = bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << static_cast<unsigned>(bits)) - 1;
  const uint64_t low = static_cast<uint64_t>(value) & mask;
  const bool negative = is_signed && (low >> static_cast<unsigned>(bits - 1) & 1U) != 0;
  return static_cast<int64_t>(negative ? low | ~mask : low);
}

}  // namespace

void CircuitBuilder::begin_layer(const std::string& name) {
  const auto [found, is_new] = layers_.try_emplace(name, static_cast<int>(circuit_.layers.size()));
  if (is_new) circuit_.layers.push_back(name);
  layer_ = found->second;
}

std::string CircuitBuilder::key_of(const Node& node) const {
  std::string key;
  const auto put = [&](int64_t value) { key.append(reinterpret_cast<const char*>(&value), sizeof value); };
  put(static_cast<int64_t>(node.kind));
  for (const Operand& operand : node.reads())
    put((int64_t{operand.node} << 8) ^ (operand.shift << 1) ^ (operand.negative ? 1 : 0));
  put(node.low);
  put(node.table);
  put(node.kind == NodeKind::kSlice || node.kind == NodeKind::kTable ? node.bits * 2 + (node.is_signed() ? 1 : 0) : 0);
  if (node.kind == NodeKind::kConstant) put(node.range.low);
  return key;
}

int32_t CircuitBuilder::make(Node node) {
  const bool fits = -kMostMagnitude < node.range.low && node.range.high < kMostMagnitude;
  HGQ_CHECK(fits, ConfigError, "layer '", circuit_.layers[static_cast<size_t>(layer_)],
            "': a value can be 2^62 or more; expected smaller weights, or fewer bits before it");
  HGQ_CHECK(node.range.low <= node.range.high, Error, "circuit: an empty range in layer '",
            circuit_.layers[static_cast<size_t>(layer_)], "'");
  // A single possible value needs no wire.
  if (node.range.is_constant() && node.kind != NodeKind::kInput && node.kind != NodeKind::kConstant)
    return constant(node.range.low);
  node.bits = top_bit(node.range);
  node.layer = layer_;
  const auto index = static_cast<int32_t>(circuit_.nodes.size());
  if (node.kind != NodeKind::kInput) {
    const auto [found, is_new] = known_.try_emplace(key_of(node), index);
    if (!is_new) return found->second;
  }
  int depth = node.kind == NodeKind::kAdd || node.kind == NodeKind::kLess ? 1 : 0;
  int before = 0;
  for (const Operand& operand : node.reads()) before = std::max(before, depths_[static_cast<size_t>(operand.node)]);
  depths_.push_back(before + depth);
  circuit_.nodes.push_back(node);
  return index;
}

int32_t CircuitBuilder::input(int bits, bool is_signed) {
  return make({.kind = NodeKind::kInput, .range = interval_of_bits(bits, is_signed)});
}

int32_t CircuitBuilder::constant(int64_t value) { return make({.kind = NodeKind::kConstant, .range = {value, value}}); }

Operand CircuitBuilder::of_constant(int64_t value) {
  if (value == 0) return {};
  const int shift = lowest_bit(value);
  return {constant(value / (int64_t{1} << shift)), shift, false};
}

int64_t CircuitBuilder::value_of(const Operand& operand) const {
  if (operand.node < 0) return 0;
  const int64_t value = range(operand.node).low * (int64_t{1} << operand.shift);
  return operand.negative ? -value : value;
}

Interval CircuitBuilder::range_of(const Operand& operand) const {
  if (operand.node < 0) return {0, 0};
  const Interval& r = range(operand.node);
  const Int128 low = times_power(r.low, operand.shift);
  const Int128 high = times_power(r.high, operand.shift);
  const bool fits = -Int128{kMostMagnitude} < low && high < Int128{kMostMagnitude};
  HGQ_CHECK(fits, ConfigError, "layer '", circuit_.layers[static_cast<size_t>(layer_)], "': a value needs more than ",
            kMostBits, " bits; expected smaller weights, or fewer bits before it");
  const Interval shifted{static_cast<int64_t>(low), static_cast<int64_t>(high)};
  return operand.negative ? Interval{-shifted.high, -shifted.low} : shifted;
}

Operand CircuitBuilder::add(Operand left, Operand right) {
  const Interval a = range_of(left);
  const Interval b = range_of(right);
  return add(left, right, {a.low + b.low, a.high + b.high});
}

Operand CircuitBuilder::add(Operand left, Operand right, const Interval& known) {
  if (left.node >= 0 && is_constant(left.node) && value_of(left) == 0) left = {};
  if (right.node >= 0 && is_constant(right.node) && value_of(right) == 0) right = {};
  if (left.node < 0) return right;
  if (right.node < 0) return left;
  if (is_constant(left.node) && is_constant(right.node)) return of_constant(value_of(left) + value_of(right));
  // A constant is never subtracted: its negative is added. It is odd, as below its lowest bit nothing is added.
  for (Operand* const operand : {&left, &right}) {
    if (is_constant(operand->node)) *operand = of_constant(value_of(*operand));
  }
  const Interval a = range_of(left);
  const Interval b = range_of(right);
  Interval sum = intersection({a.low + b.low, a.high + b.high}, known);
  const bool negative = left.negative && right.negative;
  if (negative) {
    left.negative = right.negative = false;
    sum = {-sum.high, -sum.low};
  }
  const int shift = std::min(left.shift, right.shift);
  left.shift -= shift;
  right.shift -= shift;
  // One order of the operands, so that a sum is found again.
  const auto rank = [](const Operand& o) { return std::tuple(o.negative, o.node, o.shift); };
  if (rank(right) < rank(left)) std::swap(left, right);
  const int64_t unit = int64_t{1} << shift;
  const auto floor_div = [&](int64_t value) { return value >= 0 ? value / unit : -((-value + unit - 1) / unit); };
  sum = {-floor_div(-sum.low), floor_div(sum.high)};
  if (left.node == right.node && left.shift == right.shift)
    return right.negative ? Operand{} : Operand{left.node, shift + 1, negative};
  return {make({.kind = NodeKind::kAdd, .operand_count = 2, .operands = {left, right, {}}, .range = sum}), shift,
          negative};
}

Operand CircuitBuilder::positive(const Operand& operand) {
  if (!operand.negative) return operand;
  if (is_constant(operand.node)) return of_constant(value_of(operand));
  const Interval r = range(operand.node);  // a copy, as nodes are added
  const Operand zero{constant(0), 0, false};
  return {make({.kind = NodeKind::kAdd,
                .operand_count = 2,
                .operands = {zero, Operand{operand.node, 0, true}, {}},
                .range = {-r.high, -r.low}}),
          operand.shift, false};
}

Operand CircuitBuilder::slice(const Operand& value, int low, int bits, bool is_signed) {
  if (value.node < 0 || value.shift >= low + bits) return {};
  if (value.shift <= low) return slice_of_node(value.node, low - value.shift, bits, is_signed);
  const int zeros = value.shift - low;
  Operand upper = slice_of_node(value.node, 0, bits - zeros, is_signed);
  if (upper.node >= 0) upper.shift += zeros;
  return upper;
}

Operand CircuitBuilder::slice_of_node(int32_t index, int low, int bits, bool is_signed) {
  const Node source = node(index);  // a copy, as nodes are added
  const Interval floor{source.range.low >> std::min(low, 63), source.range.high >> std::min(low, 63)};
  const Interval of_type = interval_of_bits(bits, is_signed);
  const bool fits = contains(of_type, floor);
  if (fits && low == 0) return {index, 0, false};
  const auto cut = [&](int64_t value) { return wrapped(value >> std::min(low, 63), bits, is_signed); };
  if (source.kind == NodeKind::kConstant) return of_constant(cut(source.range.low));
  if (source.kind == NodeKind::kTable) {
    std::vector<int64_t> entries = circuit_.tables[static_cast<size_t>(source.table)].entries;
    std::ranges::transform(entries, entries.begin(), cut);
    return {table(source.operands[0].node, std::move(entries)), 0, false};
  }
  if (source.kind == NodeKind::kMux)
    return mux(source.operands[0].node, slice(source.operands[1], low, bits, is_signed),
               slice(source.operands[2], low, bits, is_signed), fits ? floor : of_type);
  if (source.kind == NodeKind::kSlice && low + bits <= source.bits)
    return slice_of_node(source.operands[0].node, source.low + low, bits, is_signed);
  return {make({.kind = NodeKind::kSlice,
                .operand_count = 1,
                .operands = {Operand{index, 0, false}, {}, {}},
                .range = fits ? floor : of_type,
                .low = low}),
          0, false};
}

Operand CircuitBuilder::upper(const Operand& value, int low) {
  const Interval r = range_of(value);
  return slice(value, low, std::max(top_bit({r.low >> low, r.high >> low}), 1), r.low < 0);
}

int32_t CircuitBuilder::bit(int32_t index, int position) {
  const Node& source = node(index);
  if (position >= source.bits) return source.is_signed() ? bit(index, source.bits - 1) : constant(0);
  const Operand one = slice_of_node(index, position, 1, false);
  return one.node < 0 ? constant(0) : one.node;
}

int32_t CircuitBuilder::sign(int32_t index) {
  const Interval& r = range(index);
  if (r.low >= 0) return constant(0);
  if (r.high < 0) return constant(1);
  return bit(index, bits(index) - 1);
}

Operand CircuitBuilder::mux(int32_t condition, const Operand& if_one, const Operand& if_zero) {
  const Interval a = range_of(if_one);
  const Interval b = range_of(if_zero);
  return mux(condition, if_one, if_zero, {std::min(a.low, b.low), std::max(a.high, b.high)});
}

Operand CircuitBuilder::mux(int32_t condition, Operand if_one, Operand if_zero, const Interval& known) {
  if (is_constant(condition)) return range(condition).low != 0 ? if_one : if_zero;
  for (Operand* const operand : {&if_one, &if_zero}) {
    if (operand->node >= 0 && is_constant(operand->node)) *operand = of_constant(value_of(*operand));
  }
  const auto same = [](const Operand& a, const Operand& b) {
    return a.node == b.node && (a.node < 0 || (a.shift == b.shift && a.negative == b.negative));
  };
  if (same(if_one, if_zero)) return if_one;
  const Interval a = range_of(if_one);
  const Interval b = range_of(if_zero);
  const int shift = if_one.node < 0    ? if_zero.shift
                    : if_zero.node < 0 ? if_one.shift
                                       : std::min(if_one.shift, if_zero.shift);
  const Operand zero{constant(0), 0, false};
  if_one = if_one.node < 0 ? zero : Operand{if_one.node, if_one.shift - shift, false};
  if_zero = if_zero.node < 0 ? zero : Operand{if_zero.node, if_zero.shift - shift, false};
  const Interval both = intersection({std::min(a.low, b.low), std::max(a.high, b.high)}, known);
  return {make({.kind = NodeKind::kMux,
                .operand_count = 3,
                .operands = {Operand{condition, 0, false}, if_one, if_zero},
                .range = {-(-both.low >> shift), both.high >> shift}}),
          shift, false};
}

int32_t CircuitBuilder::any(int32_t index) {
  const Node& source = node(index);
  if (source.kind == NodeKind::kConstant) return constant(source.range.low != 0 ? 1 : 0);
  if (source.range.low > 0 || source.range.high < 0) return constant(1);
  if (source.bits == 1 && !source.is_signed()) return index;
  if (source.bits == 1) return bit(index, 0);
  return make(
      {.kind = NodeKind::kAny, .operand_count = 1, .operands = {Operand{index, 0, false}, {}, {}}, .range = {0, 1}});
}

int32_t CircuitBuilder::all(int32_t index) {
  const Node& source = node(index);
  const int64_t ones = source.is_signed() ? -1 : (int64_t{1} << source.bits) - 1;
  if (source.kind == NodeKind::kConstant) return constant(source.range.low == ones ? 1 : 0);
  if (ones < source.range.low || ones > source.range.high) return constant(0);
  if (source.bits == 1) return source.is_signed() ? bit(index, 0) : index;
  return make(
      {.kind = NodeKind::kAll, .operand_count = 1, .operands = {Operand{index, 0, false}, {}, {}}, .range = {0, 1}});
}

int32_t CircuitBuilder::conjunction(int32_t left, int32_t right) {
  if (is_constant(left)) return range(left).low != 0 ? right : left;
  if (is_constant(right)) return range(right).low != 0 ? left : right;
  if (left == right) return left;
  return make({.kind = NodeKind::kAnd,
               .operand_count = 2,
               .operands = {Operand{std::min(left, right), 0, false}, Operand{std::max(left, right), 0, false}, {}},
               .range = {0, 1}});
}

int32_t CircuitBuilder::disjunction(int32_t left, int32_t right) {
  if (is_constant(left)) return range(left).low != 0 ? left : right;
  if (is_constant(right)) return range(right).low != 0 ? right : left;
  if (left == right) return left;
  return make({.kind = NodeKind::kOr,
               .operand_count = 2,
               .operands = {Operand{std::min(left, right), 0, false}, Operand{std::max(left, right), 0, false}, {}},
               .range = {0, 1}});
}

int32_t CircuitBuilder::inverted(int32_t index, int bits) {
  const int64_t ones = interval_of_bits(bits, false).high;
  const Interval& r = range(index);
  HGQ_CHECK(r.low >= 0 && r.high <= ones, Error, "circuit: inverts a value that has not ", bits, " bits");
  if (is_constant(index)) return constant(ones - r.low);
  return make({.kind = NodeKind::kNot,
               .operand_count = 1,
               .operands = {Operand{index, 0, false}, {}, {}},
               .range = {ones - r.high, ones - r.low},
               .low = bits});
}

int32_t CircuitBuilder::less(Operand left, Operand right) {
  const Interval a = range_of(left);
  const Interval b = range_of(right);
  if (a.high < b.low) return constant(1);
  if (a.low >= b.high) return constant(0);
  const Operand zero{constant(0), 0, false};
  if (right.node < 0 || (is_constant(right.node) && value_of(right) == 0)) return sign(left.node);
  if (left.node < 0) left = zero;
  const int shift = is_constant(left.node) && value_of(left) == 0 ? right.shift : std::min(left.shift, right.shift);
  left.shift = left.node == zero.node ? 0 : left.shift - shift;
  right.shift -= shift;
  return make({.kind = NodeKind::kLess, .operand_count = 2, .operands = {left, right, {}}, .range = {0, 1}});
}

int32_t CircuitBuilder::table(int32_t index, std::vector<int64_t> entries) {
  const Node source = node(index);
  HGQ_CHECK(entries.size() == size_t{1} << static_cast<unsigned>(source.bits), Error, "circuit: a table of ",
            entries.size(), " entries for ", source.bits, " bits");
  if (source.kind == NodeKind::kConstant)
    return constant(entries[static_cast<size_t>(source.range.low) & (entries.size() - 1)]);
  // Entries that are never read are like one that is, so that they add nothing to the range.
  const auto code = [&](int64_t value) { return static_cast<size_t>(value) & (entries.size() - 1); };
  std::vector<bool> read(entries.size(), false);
  Interval range{std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()};
  for (int64_t value = source.range.low; value <= source.range.high; ++value) {
    read[code(value)] = true;
    range = {std::min(range.low, entries[code(value)]), std::max(range.high, entries[code(value)])};
  }
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!read[i]) entries[i] = entries[code(source.range.low)];
  }
  const std::string key(reinterpret_cast<const char*>(entries.data()), entries.size() * sizeof(int64_t));
  const auto [found, is_new] = known_tables_.try_emplace(key, static_cast<int>(circuit_.tables.size()));
  if (is_new) circuit_.tables.push_back({std::move(entries)});
  return make({.kind = NodeKind::kTable,
               .operand_count = 1,
               .operands = {Operand{index, 0, false}, {}, {}},
               .range = range,
               .table = found->second});
}

Circuit CircuitBuilder::take(std::vector<Port> inputs, std::vector<Port> outputs) && {
  circuit_.inputs = std::move(inputs);
  circuit_.outputs = std::move(outputs);
  return std::move(circuit_);
}

}  // namespace hgq::rtl
