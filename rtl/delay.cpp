#include "hgq/rtl/delay.h"

#include <algorithm>

namespace hgq::rtl {
namespace {

/// Lookup tables of 6 inputs one behind another that reduce so many bits to one.
int reduction_steps(int bits) {
  int steps = 0;
  for (; bits > 1; bits = (bits + 5) / 6) ++steps;
  return steps;
}

}  // namespace

double delay_of(const Circuit& circuit, const Node& node, const DelayModel& model) {
  const auto operand_bits = [&](const Operand& operand) { return circuit.node(operand.node).bits; };
  switch (node.kind) {
    case NodeKind::kInput:
    case NodeKind::kConstant:
    case NodeKind::kSlice:
    case NodeKind::kNot:
    case NodeKind::kRegister:
      return 0;
    case NodeKind::kAdd: {
      const int chain = chain_bits(circuit, node);
      return chain == 0 ? 0 : model.adder + model.carry * chain + (node.operand_count == 3 ? model.third : 0);
    }
    case NodeKind::kLess: {
      int chain = 0;
      for (const Operand& operand : node.reads()) chain = std::max(chain, operand_bits(operand) + operand.shift);
      return model.adder + model.carry * chain;
    }
    case NodeKind::kMux:
    case NodeKind::kAnd:
    case NodeKind::kOr:
      return model.gate;
    case NodeKind::kAny:
    case NodeKind::kAll:
      return model.gate * reduction_steps(operand_bits(node.operands[0]));
    case NodeKind::kTable:
      return model.table + model.table_bit * std::max(0, operand_bits(node.operands[0]) - 6);
  }
  return 0;
}

Delays delays_of(const Circuit& circuit, const DelayModel& model) {
  Delays delays;
  for (const Node& node : circuit.nodes) {
    double start = 0;
    if (node.kind != NodeKind::kRegister) {
      for (const Operand& operand : node.reads())
        start = std::max(start, delays.ready[static_cast<size_t>(operand.node)]);
    }
    delays.ready.push_back(start + delay_of(circuit, node, model));
    delays.longest = std::max(delays.longest, delays.ready.back());
  }
  return delays;
}

double clock_period(const Circuit& circuit, const DelayModel& model) {
  return delays_of(circuit, model).longest + (circuit.latency > 0 ? model.register_ : 0);
}

std::vector<int32_t> longest_path(const Circuit& circuit, const DelayModel& model) {
  const Delays delays = delays_of(circuit, model);
  std::vector<int32_t> path;
  if (circuit.nodes.empty()) return path;
  auto at = static_cast<int32_t>(std::ranges::max_element(delays.ready) - delays.ready.begin());
  while (at >= 0) {
    path.push_back(at);
    const Node& node = circuit.node(at);
    at = -1;
    if (node.kind == NodeKind::kRegister) break;
    for (const Operand& operand : node.reads()) {
      const auto ready = [&](int32_t index) { return delays.ready[static_cast<size_t>(index)]; };
      if (at < 0 || ready(operand.node) > ready(at)) at = operand.node;
    }
  }
  std::ranges::reverse(path);
  return path;
}

}  // namespace hgq::rtl
