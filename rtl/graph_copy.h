// An adder graph as nodes of a circuit.
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "hgq/rtl/circuit_builder.h"

namespace hgq::rtl {

/// The nodes are made from the outputs back, so that what only other outputs read is left out.
class GraphCopy {
 public:
  /// `input` gives the operand of the circuit for each input of the graph; node -1 is zero. The graph must stay.
  GraphCopy(CircuitBuilder& builder, const AdderGraph& graph, std::function<Operand(int32_t)> input)
      : builder_(builder), graph_(graph), input_(std::move(input)), made_(graph.nodes.size()) {}

  /// The graph's operand as one of the circuit.
  Operand make(const Operand& operand);

 private:
  void make_node(int32_t root);
  Operand read(const Operand& operand) const;

  CircuitBuilder& builder_;
  const AdderGraph& graph_;
  std::function<Operand(int32_t)> input_;
  std::vector<std::optional<Operand>> made_;
};

}  // namespace hgq::rtl
