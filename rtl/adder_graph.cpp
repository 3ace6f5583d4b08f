#include "hgq/rtl/adder_graph.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace hgq::rtl {

Interval interval_of_bits(int bits, bool is_signed) {
  if (bits == 0) return {0, 0};
  const int64_t half = int64_t{1} << (bits - 1);
  return is_signed ? Interval{-half, half - 1} : Interval{0, 2 * (half - 1) + 1};
}

int lowest_bit(int64_t value) { return value == 0 ? 62 : std::countr_zero(static_cast<uint64_t>(value)); }

AdderCost cost_of(const AdderGraph& graph, std::span<const int> needed) {
  constexpr int kAll = std::numeric_limits<int>::max() / 2;
  std::vector<int> top(graph.nodes.size(), -1);  // bits of each node that are read, from below; -1: it is not read
  AdderCost cost;
  const auto read = [&](const Operand& operand, int bits) {
    if (operand.node < 0) return;
    int& most = top[static_cast<size_t>(operand.node)];
    most = std::max(most, std::max(bits - operand.shift, 0));
  };
  for (size_t j = 0; j < graph.outputs.size(); ++j) {
    const Operand& output = graph.outputs[j];
    read(output, j < needed.size() && needed[j] >= 0 ? needed[j] : kAll);
    if (output.node >= 0) cost.depth = std::max(cost.depth, graph.nodes[static_cast<size_t>(output.node)].depth);
  }
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    const AdderNode& node = graph.nodes[i];
    if (top[i] < 0 || node.kind != AdderNode::Kind::kAdder) continue;
    read(node.left, top[i]);
    read(node.right, top[i]);
    const int cells = std::max(0, node.cost - std::max(0, top_bit(node.range) - top[i]));
    if (cells == 0) continue;
    ++cost.adders;
    cost.bits += cells;
  }
  return cost;
}

std::vector<int64_t> evaluate(const AdderGraph& graph, std::span<const int64_t> inputs) {
  std::vector<int64_t> values(graph.nodes.size());
  const auto value_of = [&](const Operand& operand) -> int64_t {
    if (operand.node < 0) return 0;
    const int64_t value = values[static_cast<size_t>(operand.node)] * (int64_t{1} << operand.shift);
    return operand.negative ? -value : value;
  };
  for (size_t i = 0; i < values.size(); ++i) {
    const AdderNode& node = graph.nodes[i];
    if (node.kind == AdderNode::Kind::kInput) values[i] = inputs[i];
    if (node.kind == AdderNode::Kind::kConstant) values[i] = node.range.low;
    if (node.kind == AdderNode::Kind::kAdder) values[i] = value_of(node.left) + value_of(node.right);
  }
  std::vector<int64_t> outputs;
  for (const Operand& output : graph.outputs) outputs.push_back(value_of(output));
  return outputs;
}

}  // namespace hgq::rtl
