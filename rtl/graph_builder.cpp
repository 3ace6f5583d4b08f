#include "hgq/rtl/graph_builder.h"

#include <algorithm>

#include "hgq/core/rng.h"

namespace hgq::rtl {
namespace {

Interval scaled(const Interval& range, int shift, bool negative) {
  const int64_t factor = int64_t{1} << shift;
  if (negative) return {-range.high * factor, -range.low * factor};
  return {range.low * factor, range.high * factor};
}

Interval sum(const Interval& a, const Interval& b) { return {a.low + b.low, a.high + b.high}; }

}  // namespace

GraphBuilder::GraphBuilder(std::span<const Interval> inputs, std::span<const int> arrivals, bool depth_matters)
    : width_(inputs.size() + 1), depth_matters_(depth_matters), input_ranges_(inputs.begin(), inputs.end()) {
  input_ranges_.push_back({1, 1});  // what the constant of a row is multiplied by
  for (size_t i = 0; i < inputs.size(); ++i) {
    append({.kind = AdderNode::Kind::kInput, .left = {}, .right = {}, .range = inputs[i], .depth = arrivals[i]},
           mix_bits(i));
    rows_[i * width_ + i] = 1;
  }
}

void GraphBuilder::append(const AdderNode& node, uint64_t hash) {
  nodes_.push_back(node);
  tops_.push_back(top_bit(node.range));
  hidden_.push_back(kVisible);
  rows_.resize(nodes_.size() * width_);
  values_.add(hash);
}

int GraphBuilder::add_constant(int64_t value) {
  append({.kind = AdderNode::Kind::kConstant,
          .left = {},
          .right = {},
          .range = {value, value},
          .low_bit = lowest_bit(value)},
         mix_bits(width_ - 1) * static_cast<uint64_t>(value));
  rows_.back() = value;
  return static_cast<int>(nodes_.size()) - 1;
}

int GraphBuilder::find(const Operand& left, const Operand& right) const {
  const uint64_t hash = hash_of(left) + hash_of(right);
  return values_.find(hash,
                      [&](int32_t index) { return values_.hash(index) == hash && is_usable(index, left, right); });
}

int GraphBuilder::add(const Operand& left, const Operand& right) {
  const size_t made_begin = nodes_.size() * width_;
  rows_.resize(made_begin + width_);
  int64_t* const made_row = rows_.data() + made_begin;
  const int64_t* const left_row = row(left.node).data();
  const int64_t* const right_row = row(right.node).data();
  const int64_t left_factor = (left.negative ? -1 : 1) * (int64_t{1} << left.shift);
  const int64_t right_factor = (right.negative ? -1 : 1) * (int64_t{1} << right.shift);
  for (size_t i = 0; i < width_; ++i) made_row[i] = left_factor * left_row[i] + right_factor * right_row[i];
  // Equal hashes of different values are next to impossible, and would cost no more than this comparison.
  const int known = find(left, right);
  if (known >= 0 && std::equal(made_row, made_row + width_, row(known).data())) {
    rows_.resize(made_begin);
    return known;
  }
  const AdderNode& a = node(left.node);
  const AdderNode& b = node(right.node);
  AdderNode made{.kind = AdderNode::Kind::kAdder,
                 .left = left,
                 .right = right,
                 .range = {},
                 .low_bit = std::min(a.low_bit + left.shift, b.low_bit + right.shift),
                 .depth = joined_depth(left.node, right.node)};
  for (size_t i = 0; i < width_; ++i) {
    const Interval& x = input_ranges_[i];
    made.range.low += made_row[i] * (made_row[i] > 0 ? x.low : x.high);
    made.range.high += made_row[i] * (made_row[i] > 0 ? x.high : x.low);
  }
  made.cost = adder_cells(bits_of(left), bits_of(right), made.range);
  append(made, hash_of(left) + hash_of(right));
  if (hidden_[static_cast<size_t>(left.node)] != kVisible || hidden_[static_cast<size_t>(right.node)] != kVisible)
    hidden_.back() = kByOperands;
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
  const Operand b{right, right_shift, different_signs};
  const auto is_usable_here = [&](int32_t index) { return is_usable(index, a, b); };
  if (values_.find(hash_of(a) + hash_of(b), is_usable_here) >= 0) return 0;
  if (!different_signs) return cells(a, b);
  return std::min(cells(a, b), cells({left, left_shift, true}, {right, right_shift, false}));
}

bool GraphBuilder::is_better_turned(int32_t left, int left_shift, int32_t right, int right_shift) const {
  const Operand a{left, left_shift, false};
  const Operand b{right, right_shift, false};
  const Operand minus_a{left, left_shift, true};
  const Operand minus_b{right, right_shift, true};
  if (find(a, minus_b) >= 0) return false;
  return find(minus_a, b) >= 0 || cells(minus_a, b) < cells(a, minus_b);
}

void GraphBuilder::forget_from(size_t size) {
  while (nodes_.size() > size) {
    nodes_.pop_back();
    values_.remove_last();
  }
  tops_.resize(size);
  hidden_.resize(size);
  rows_.resize(size * width_);
}

void GraphBuilder::redirect(int32_t reader, int32_t from, int32_t to) {
  AdderNode& node = nodes_[static_cast<size_t>(reader)];
  if (node.left.node == from) node.left.node = to;
  if (node.right.node == from) node.right.node = to;
}

}  // namespace hgq::rtl
