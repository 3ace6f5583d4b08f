// Makes the nodes of an adder graph, and knows of each the row of the matrix that it computes. A value that a node has
// already is found, however it was added up.
//
// The hash of a node is a random linear function of its row and its constant, so that the hash of a sum is known before
// the sum is built.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "hgq/rtl/adder_graph.h"
#include "hgq/rtl/value_table.h"

namespace hgq::rtl {

/// A term of a sum: a node times 2^shift, or minus that.
using Term = Operand;

class GraphBuilder {
 public:
  /// `arrivals`: depth of each input. If depth matters, a sum is not replaced by a node that is deeper.
  GraphBuilder(std::span<const Interval> inputs, std::span<const int> arrivals, bool depth_matters);

  int add_constant(int64_t value);
  /// left + right. The operands must have a shift of 0 at least once, and at most one of them is negative. A value that
  /// is there already is not built again.
  int add(const Operand& left, const Operand& right);
  /// The node that has the value of this sum already; -1: none.
  int find(const Operand& left, const Operand& right) const;
  /// Whether there is a node that has the value of the sum of two terms, or minus it, at some scale.
  bool has_sum(const Term& a, const Term& b) const {
    const int low = std::min(a.shift, b.shift);
    const uint64_t of_a = values_.hash(a.node) << static_cast<unsigned>(a.shift - low);
    const uint64_t of_b = values_.hash(b.node) << static_cast<unsigned>(b.shift - low);
    return values_.find(a.negative == b.negative ? of_a + of_b : of_a - of_b,
                        [&](int32_t index) { return is_usable(index, a, b); }) >= 0;
  }
  /// Cells of that sum, with its interval taken from those of the operands alone, which needs no row.
  int cells(const Operand& left, const Operand& right) const;
  /// The fewest cells of the sum or, for terms of different signs, of the difference the one way or the other; 0 if it
  /// is there already.
  int fewest_cells(int32_t left, int left_shift, int32_t right, int right_shift, bool different_signs) const;
  /// Whether a difference of two terms is better built as right - left: it is there already in that way alone, or in
  /// neither way and needs fewer cells so.
  bool is_better_turned(int32_t left, int left_shift, int32_t right, int right_shift) const;

  /// An older node of the same value that could not be used, with which this one shares its row; -1: none.
  int32_t twin(int32_t index) const { return twins_[static_cast<size_t>(index)]; }

  const AdderNode& node(int32_t index) const { return nodes_[static_cast<size_t>(index)]; }
  size_t size() const { return nodes_.size(); }
  /// Top bit of a term that is not negative.
  int top(int32_t index) const { return tops_[static_cast<size_t>(index)]; }
  AdderGraph take(std::vector<Operand> outputs) && { return {std::move(nodes_), std::move(outputs)}; }

  // For a search that changes a graph:

  /// A hidden node is not found by its value, and a node made from one only as the sum of the same operands.
  void hide(int32_t index, bool hidden) { hidden_[static_cast<size_t>(index)] = hidden ? kHidden : kVisible; }
  /// Forgets the nodes from this number on, which no other may read.
  void forget_from(size_t size);
  /// Where `reader` reads `from`, it reads `to` from now on, which has the same value.
  void redirect(int32_t reader, int32_t from, int32_t to);
  void set_depth(int32_t index, int depth) { nodes_[static_cast<size_t>(index)].depth = depth; }

 private:
  OperandBits bits_of(const Operand& operand) const {
    const AdderNode& n = node(operand.node);
    return {n.range, n.low_bit, operand.shift, operand.negative};
  }
  const int64_t* row(int32_t index) const { return rows_.data() + row_of_[static_cast<size_t>(index)] * width_; }
  uint64_t hash_of(const Operand& operand) const {
    const uint64_t value = values_.hash(operand.node) << static_cast<unsigned>(operand.shift);
    return operand.negative ? 0 - value : value;
  }
  /// Whether a node found by its value may stand for left + right.
  bool is_usable(int32_t index, const Operand& left, const Operand& right) const {
    const AdderNode& n = node(index);
    const char hidden = hidden_[static_cast<size_t>(index)];
    if (hidden == kHidden || (depth_matters_ && n.depth > joined_depth(left.node, right.node))) return false;
    return hidden == kVisible || (n.left.node == left.node && n.right.node == right.node) ||
           (n.left.node == right.node && n.right.node == left.node);
  }
  int joined_depth(int32_t left, int32_t right) const { return std::max(node(left).depth, node(right).depth) + 1; }
  void append(const AdderNode& node, uint64_t hash, int32_t twin);
  int64_t* new_row();
  Interval add_row(const Operand& left, const Operand& right);

  static constexpr int32_t kNoTwin = -1;
  static constexpr char kVisible = 0;
  static constexpr char kHidden = 1;
  static constexpr char kByOperands = 2;

  size_t width_;  // of a row: a weight for each input, and the constant
  bool depth_matters_;
  std::vector<int64_t> spreads_;  // of each input, and of the constant: the largest value less the smallest
  std::vector<AdderNode> nodes_;
  std::vector<int> tops_;
  std::vector<char> hidden_;
  std::vector<int32_t> twins_;
  std::vector<size_t> row_of_;
  std::vector<int64_t> rows_;  // [row][input], and the constant
  ValueTable values_;
};

}  // namespace hgq::rtl
