// Makes the nodes of a circuit: simplified, and each only once.
//
// A node that is asked for again is not built again, whichever layer asks; constants are folded, and bits of a mux or a
// table are taken before it instead of after it. All ranges stay within 62 bits, otherwise ConfigError names the layer.
//
//   rtl::CircuitBuilder builder("filter");
//   builder.begin_layer("h");
//   const int32_t x = builder.input(8, true);
//   const rtl::Operand y = builder.add({x, 0, false}, {x, 2, false});       // 5 x
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "hgq/rtl/circuit.h"

namespace hgq::rtl {

class CircuitBuilder {
 public:
  explicit CircuitBuilder(std::string name) { circuit_.name = std::move(name); }

  /// Nodes that are made from now on belong to this layer.
  void begin_layer(const std::string& name);

  const Node& node(int32_t index) const { return circuit_.node(index); }
  const Interval& range(int32_t index) const { return node(index).range; }
  int bits(int32_t index) const { return node(index).bits; }
  Interval range_of(const Operand& operand) const;
  /// The adders on the longest way to a node.
  int depth(int32_t index) const { return depths_[static_cast<size_t>(index)]; }
  bool is_constant(int32_t index) const { return node(index).kind == NodeKind::kConstant; }
  size_t size() const { return circuit_.nodes.size(); }

  /// A new wire of an input.
  int32_t input(int bits, bool is_signed);
  int32_t constant(int64_t value);
  /// The sum of two operands, either of which may be negative or zero (node -1): also the result can be. `known` is a
  /// range that contains it, for sums whose operands depend on each other.
  Operand add(Operand left, Operand right);
  Operand add(Operand left, Operand right, const Interval& known);
  /// The operand as a node: itself if it is not negative, otherwise zero minus it.
  Operand positive(const Operand& operand);
  /// Bits [low, low + bits) of a value that is not negative. If its range has more, they are a number of `bits` bits,
  /// with a sign or without.
  Operand slice(const Operand& value, int low, int bits, bool is_signed);
  /// floor(value / 2^low) for low >= 0.
  Operand upper(const Operand& value, int low);
  /// One bit of a node's value, also one above its wire, which is the sign.
  int32_t bit(int32_t node, int position);
  /// 1 for a negative value, whatever its shift.
  int32_t sign(int32_t node);
  /// `condition` has one bit. `known` is a range that contains the result, for operands that are only right where they
  /// are chosen.
  Operand mux(int32_t condition, const Operand& if_one, const Operand& if_zero);
  Operand mux(int32_t condition, Operand if_one, Operand if_zero, const Interval& known);
  int32_t any(int32_t node);
  int32_t all(int32_t node);
  int32_t conjunction(int32_t left, int32_t right);
  int32_t disjunction(int32_t left, int32_t right);
  /// Every bit inverted of a value that is not negative.
  int32_t inverted(int32_t node, int bits);
  /// 1 if left < right.
  int32_t less(Operand left, Operand right);
  /// The entry with the index that the bits of a node are.
  int32_t table(int32_t index, std::vector<int64_t> entries);

  /// The circuit with these ports, of which nothing is trimmed yet.
  Circuit take(std::vector<Port> inputs, std::vector<Port> outputs) &&;

 private:
  int32_t make(Node node);
  Operand of_constant(int64_t value);
  int64_t value_of(const Operand& operand) const;
  std::string key_of(const Node& node) const;
  Operand slice_of_node(int32_t index, int low, int bits, bool is_signed);

  Circuit circuit_;
  std::vector<int> depths_;
  std::unordered_map<std::string, int32_t> known_;
  std::unordered_map<std::string, int> known_tables_;
  std::unordered_map<std::string, int> layers_;
  int layer_ = 0;
};

}  // namespace hgq::rtl
