#include "hgq/rtl/graph_builder.h"

#include <algorithm>

namespace hgq::rtl {
namespace {

Interval scaled(const Interval& range, int shift, bool negative) {
  const int64_t factor = int64_t{1} << shift;
  if (negative) return {-range.high * factor, -range.low * factor};
  return {range.low * factor, range.high * factor};
}

Interval sum(const Interval& a, const Interval& b) { return {a.low + b.low, a.high + b.high}; }

}  // namespace

GraphBuilder::GraphBuilder(std::span<const Interval> inputs, std::span<const int> arrivals)
    : inputs_(inputs.size()), input_ranges_(inputs.begin(), inputs.end()) {
  for (size_t i = 0; i < inputs_; ++i) {
    append({.kind = AdderNode::Kind::kInput, .left = {}, .right = {}, .range = inputs[i], .depth = arrivals[i]});
    rows_[i * inputs_ + i] = 1;
  }
}

void GraphBuilder::append(const AdderNode& node) {
  nodes_.push_back(node);
  tops_.push_back(top_bit(node.range));
  rows_.resize(rows_.size() + inputs_);
  constants_.push_back(0);
}

int GraphBuilder::add_constant(int64_t value) {
  append({.kind = AdderNode::Kind::kConstant,
          .left = {},
          .right = {},
          .range = {value, value},
          .low_bit = lowest_bit(value)});
  constants_.back() = value;
  return static_cast<int>(nodes_.size()) - 1;
}

uint64_t GraphBuilder::key_of(const Operand& left, const Operand& right) {
  const bool swapped = left.node > right.node || (left.node == right.node && left.shift > right.shift);
  const Operand& first = swapped ? right : left;
  const Operand& second = swapped ? left : right;
  return static_cast<uint64_t>(first.node) << 40U | static_cast<uint64_t>(second.node) << 16U |
         static_cast<uint64_t>(second.shift - first.shift + 0x2000) << 2U |
         static_cast<uint64_t>(first.negative) << 1U | static_cast<uint64_t>(second.negative);
}

int GraphBuilder::find(const Operand& left, const Operand& right) const {
  const auto found = adders_.find(key_of(left, right));
  return found == adders_.end() ? -1 : found->second;
}

int GraphBuilder::add(const Operand& left, const Operand& right) {
  const auto [place, is_new] = adders_.try_emplace(key_of(left, right), static_cast<int32_t>(nodes_.size()));
  if (!is_new) return place->second;
  const AdderNode& a = node(left.node);
  const AdderNode& b = node(right.node);
  AdderNode made{.kind = AdderNode::Kind::kAdder,
                 .left = left,
                 .right = right,
                 .range = {},
                 .low_bit = std::min(a.low_bit + left.shift, b.low_bit + right.shift),
                 .depth = std::max(a.depth, b.depth) + 1};
  rows_.resize(rows_.size() + inputs_);
  int64_t* const made_row = rows_.data() + nodes_.size() * inputs_;
  const int64_t* const left_row = row(left.node).data();
  const int64_t* const right_row = row(right.node).data();
  const int64_t left_factor = (left.negative ? -1 : 1) * (int64_t{1} << left.shift);
  const int64_t right_factor = (right.negative ? -1 : 1) * (int64_t{1} << right.shift);
  const int64_t constant = left_factor * constants_[static_cast<size_t>(left.node)] +
                           right_factor * constants_[static_cast<size_t>(right.node)];
  made.range = {constant, constant};
  for (size_t i = 0; i < inputs_; ++i) {
    const int64_t weight = left_factor * left_row[i] + right_factor * right_row[i];
    made_row[i] = weight;
    const Interval& x = input_ranges_[i];
    made.range.low += weight * (weight > 0 ? x.low : x.high);
    made.range.high += weight * (weight > 0 ? x.high : x.low);
  }
  made.cost = adder_cells(bits_of(left), bits_of(right), made.range);
  nodes_.push_back(made);
  tops_.push_back(top_bit(made.range));
  constants_.push_back(constant);
  return static_cast<int>(nodes_.size()) - 1;
}

int GraphBuilder::cells(const Operand& left, const Operand& right) const {
  return adder_cells(bits_of(left), bits_of(right),
                     sum(scaled(node(left.node).range, left.shift, left.negative),
                         scaled(node(right.node).range, right.shift, right.negative)));
}

int GraphBuilder::fewest_cells(int32_t left, int left_shift, int32_t right, int right_shift,
                               bool different_signs) const {
  const Operand a{left, left_shift, false};
  const Operand b{right, right_shift, false};
  if (!different_signs) return find(a, b) >= 0 ? 0 : cells(a, b);
  if (find(a, {right, right_shift, true}) >= 0 || find({left, left_shift, true}, b) >= 0) return 0;
  return std::min(cells(a, {right, right_shift, true}), cells({left, left_shift, true}, b));
}

bool GraphBuilder::is_better_turned(int32_t left, int left_shift, int32_t right, int right_shift) const {
  const Operand a{left, left_shift, false};
  const Operand b{right, right_shift, false};
  const Operand minus_a{left, left_shift, true};
  const Operand minus_b{right, right_shift, true};
  if (find(a, minus_b) >= 0) return false;
  return find(minus_a, b) >= 0 || cells(minus_a, b) < cells(a, minus_b);
}

}  // namespace hgq::rtl
