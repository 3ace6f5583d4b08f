#include "hgq/rtl/graph_copy.h"

namespace hgq::rtl {

Operand GraphCopy::make(const Operand& operand) {
  if (operand.node < 0) return {};
  make_node(operand.node);
  return read(operand);
}

// Not recursive: a graph can be as deep as a layer has inputs.
void GraphCopy::make_node(int32_t root) {
  std::vector<int32_t> open{root};
  while (!open.empty()) {
    const int32_t index = open.back();
    std::optional<Operand>& result = made_[static_cast<size_t>(index)];
    if (result) {
      open.pop_back();
      continue;
    }
    const AdderNode& node = graph_.nodes[static_cast<size_t>(index)];
    if (node.kind == AdderNode::Kind::kInput) {
      result = input_(index);
    } else if (node.kind == AdderNode::Kind::kConstant) {
      result = Operand{builder_.constant(node.range.low), 0, false};
    } else {
      const size_t before = open.size();
      for (const Operand& operand : {node.left, node.right}) {
        if (operand.node >= 0 && !made_[static_cast<size_t>(operand.node)]) open.push_back(operand.node);
      }
      if (open.size() == before) result = builder_.add(read(node.left), read(node.right), node.range);
    }
  }
}

Operand GraphCopy::read(const Operand& operand) const {
  if (operand.node < 0) return {};
  Operand made = *made_[static_cast<size_t>(operand.node)];
  if (made.node < 0) return {};
  made.shift += operand.shift;
  made.negative ^= operand.negative;
  return made;
}

}  // namespace hgq::rtl
