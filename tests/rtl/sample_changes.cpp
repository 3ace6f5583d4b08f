#include <algorithm>
#include <utility>

#include "hgq/core/error.h"
#include "sample_circuits.h"
#include "sample_parts.h"

namespace hgq::rtl {

Circuit with_sums_of_three(const Circuit& circuit) {
  Circuit out = circuit;
  for (Node& node : out.nodes) {
    if (node.kind != NodeKind::kAdd || node.operand_count != 2) continue;
    for (const size_t at : {size_t{0}, size_t{1}}) {
      const Operand inner = node.operands[at];
      const Node& source = out.node(inner.node);
      if (source.kind != NodeKind::kAdd || source.operand_count != 2 || uses_of(out, inner.node) != 1) continue;
      std::array<Operand, 3> operands{node.operands[1 - at], source.operands[0], source.operands[1]};
      int negative = operands[0].negative ? 1 : 0;
      for (const size_t i : {size_t{1}, size_t{2}}) {
        operands[i].shift += inner.shift;
        operands[i].negative = operands[i].negative != inner.negative;
        negative += operands[i].negative ? 1 : 0;
      }
      if (negative == 3) continue;
      node.operands = operands;
      node.operand_count = 3;
      break;
    }
  }
  return trimmed(out);
}

Circuit with_registers(const Circuit& circuit, int latency, uint64_t seed) {
  Random random(seed);
  Circuit out = circuit;
  out.nodes.clear();
  out.latency = latency;
  std::vector<int> stages;                   // of the nodes of `circuit`
  std::vector<std::vector<int32_t>> copies;  // of each of them: the node at its stage and later ones
  const auto at_stage = [&](int32_t index, int stage) {
    std::vector<int32_t>& own = copies[static_cast<size_t>(index)];
    if (circuit.node(index).kind == NodeKind::kConstant) return own[0];
    while (std::ssize(own) <= stage - stages[static_cast<size_t>(index)]) {
      Node copy = circuit.node(index);
      out.nodes.push_back({.kind = NodeKind::kRegister,
                           .operand_count = 1,
                           .operands = {plain(own.back()), {}, {}},
                           .range = copy.range,
                           .bits = copy.bits,
                           .layer = copy.layer});
      own.push_back(static_cast<int32_t>(out.nodes.size()) - 1);
    }
    return own[static_cast<size_t>(stage - stages[static_cast<size_t>(index)])];
  };
  for (const Node& node : circuit.nodes) {
    int stage = 0;
    for (const Operand& operand : node.reads()) stage = std::max(stage, stages[static_cast<size_t>(operand.node)]);
    if (node.kind != NodeKind::kInput && node.kind != NodeKind::kConstant && stage < latency && random.below(4) == 0)
      ++stage;
    Node moved = node;
    for (Operand& operand : moved.reads()) operand.node = at_stage(operand.node, stage);
    out.nodes.push_back(moved);
    stages.push_back(stage);
    copies.push_back({static_cast<int32_t>(out.nodes.size()) - 1});
  }
  for (Port& port : out.inputs) {
    for (Feature& feature : port.features) {
      if (feature.node >= 0) feature.node = copies[static_cast<size_t>(feature.node)][0];
    }
  }
  for (Port& port : out.outputs) {
    for (Feature& feature : port.features) {
      if (feature.node >= 0) feature.node = at_stage(feature.node, latency);
    }
  }
  return out;
}

}  // namespace hgq::rtl
