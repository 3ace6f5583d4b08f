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
    : width_(inputs.size() + 1), depth_matters_(depth_matters) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    spreads_.push_back(inputs[i].high - inputs[i].low);
    append({.kind = AdderNode::Kind::kInput, .left = {}, .right = {}, .range = inputs[i], .depth = arrivals[i]},
           mix_bits(i), kNoTwin);
    new_row()[i] = 1;
  }
  spreads_.push_back(0);  // of what the constant of a row is multiplied by
}

void GraphBuilder::append(const AdderNode& node, uint64_t hash, int32_t twin) {
  nodes_.push_back(node);
  tops_.push_back(top_bit(node.range));
  hidden_.push_back(kVisible);
  twins_.push_back(twin);
  row_of_.push_back(twin == kNoTwin ? rows_.size() / width_ : row_of_[static_cast<size_t>(twin)]);
  values_.add(hash);
}

int64_t* GraphBuilder::new_row() {
  rows_.resize(rows_.size() + width_);
  return rows_.data() + rows_.size() - width_;
}

int GraphBuilder::add_constant(int64_t value) {
  append({.kind = AdderNode::Kind::kConstant,
          .left = {},
          .right = {},
          .range = {value, value},
          .low_bit = lowest_bit(value)},
         mix_bits(width_ - 1) * static_cast<uint64_t>(value), kNoTwin);
  new_row()[width_ - 1] = value;
  return static_cast<int>(nodes_.size()) - 1;
}

int GraphBuilder::find(const Operand& left, const Operand& right) const {
  const uint64_t hash = hash_of(left) + hash_of(right);
  return values_.find(hash,
                      [&](int32_t index) { return values_.hash(index) == hash && is_usable(index, left, right); });
}

/// Makes the row of left + right, and its interval.
Interval GraphBuilder::add_row(const Operand& left, const Operand& right) {
  int64_t* const made = new_row();
  const int64_t* const left_row = row(left.node);
  const int64_t* const right_row = row(right.node);
  const int64_t left_factor = (left.negative ? -1 : 1) * (int64_t{1} << left.shift);
  const int64_t right_factor = (right.negative ? -1 : 1) * (int64_t{1} << right.shift);
  int64_t spread = 0;
  for (size_t i = 0; i < width_; ++i) {
    const int64_t weight = left_factor * left_row[i] + right_factor * right_row[i];
    made[i] = weight;
    spread += (weight < 0 ? -weight : weight) * spreads_[i];
  }
  // The middle of a sum is the sum of the middles.
  const auto twice_the_middle = [&](int32_t index) { return node(index).range.low + node(index).range.high; };
  const int64_t middle = left_factor * twice_the_middle(left.node) + right_factor * twice_the_middle(right.node);
  return {(middle - spread) / 2, (middle + spread) / 2};
}

int GraphBuilder::add(const Operand& left, const Operand& right) {
  const uint64_t hash = hash_of(left) + hash_of(right);
  int32_t twin = kNoTwin;
  const int known = values_.find(hash, [&](int32_t index) {
    if (values_.hash(index) != hash) return false;
    twin = index;
    return is_usable(index, left, right);
  });
  if (known >= 0) return known;
  const AdderNode& a = node(left.node);
  const AdderNode& b = node(right.node);
  AdderNode made{.kind = AdderNode::Kind::kAdder,
                 .left = left,
                 .right = right,
                 .range = {},
                 .low_bit = std::min(a.low_bit + left.shift, b.low_bit + right.shift),
                 .depth = joined_depth(left.node, right.node)};
  append(made, hash, twin);
  AdderNode& here = nodes_.back();
  here.range = twin == kNoTwin ? add_row(left, right) : node(twin).range;
  here.cost = adder_cells(bits_of(left), bits_of(right), here.range);
  tops_.back() = top_bit(here.range);
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
  if (has_sum(a, b)) return 0;
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
  size_t rows = rows_.size();
  while (nodes_.size() > size) {
    if (twins_.back() == kNoTwin) rows -= width_;
    twins_.pop_back();
    nodes_.pop_back();
    values_.remove_last();
  }
  tops_.resize(size);
  hidden_.resize(size);
  row_of_.resize(size);
  rows_.resize(rows);
}

void GraphBuilder::redirect(int32_t reader, int32_t from, int32_t to) {
  AdderNode& node = nodes_[static_cast<size_t>(reader)];
  if (node.left.node == from) node.left.node = to;
  if (node.right.node == from) node.right.node = to;
}

}  // namespace hgq::rtl
