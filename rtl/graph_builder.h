// Makes the nodes of an adder graph, and knows of each the row of the matrix that it computes.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "hgq/rtl/adder_graph.h"

namespace hgq::rtl {

/// A term of a sum: a node times 2^shift, or minus that.
using Term = Operand;

class GraphBuilder {
 public:
  /// `arrivals`: depth of each input.
  GraphBuilder(std::span<const Interval> inputs, std::span<const int> arrivals);

  int add_constant(int64_t value);
  /// left + right. The operands must have a shift of 0 at least once, and at most one of them is negative. A sum that
  /// is there already is not built again.
  int add(const Operand& left, const Operand& right);
  /// The sum, if it is there already; -1 if not.
  int find(const Operand& left, const Operand& right) const;
  /// Cells of that sum, with its interval taken from those of the operands alone, which needs no row.
  int cells(const Operand& left, const Operand& right) const;
  /// The fewest cells of the sum or, for terms of different signs, of the difference the one way or the other; 0 if it
  /// is there already.
  int fewest_cells(int32_t left, int left_shift, int32_t right, int right_shift, bool different_signs) const;

  /// Whether a difference of two terms is better built as right - left: it is there already in that way alone, or in
  /// neither way and needs fewer cells so.
  bool is_better_turned(int32_t left, int left_shift, int32_t right, int right_shift) const;

  const AdderNode& node(int32_t index) const { return nodes_[static_cast<size_t>(index)]; }
  size_t size() const { return nodes_.size(); }
  /// Coefficients of the inputs in a node's value.
  std::span<const int64_t> row(int32_t index) const {
    return {rows_.data() + static_cast<size_t>(index) * inputs_, inputs_};
  }
  /// Top bit of a term that is not negative.
  int top(int32_t index) const { return tops_[static_cast<size_t>(index)]; }
  AdderGraph take(std::vector<Operand> outputs) && { return {std::move(nodes_), std::move(outputs)}; }

 private:
  OperandBits bits_of(const Operand& operand) const {
    const AdderNode& n = node(operand.node);
    return {n.range, n.low_bit, operand.shift, operand.negative};
  }
  static uint64_t key_of(const Operand& left, const Operand& right);
  void append(const AdderNode& node);

  size_t inputs_;
  std::vector<Interval> input_ranges_;
  std::vector<AdderNode> nodes_;
  std::vector<int> tops_;
  std::vector<int64_t> rows_;                     // [node][input]
  std::vector<int64_t> constants_;                // of each node
  std::unordered_map<uint64_t, int32_t> adders_;  // by their operands
};

}  // namespace hgq::rtl
