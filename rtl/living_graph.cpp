#include "hgq/rtl/living_graph.h"

#include <algorithm>
#include <limits>

namespace hgq::rtl {
namespace {

constexpr int kAllBits = std::numeric_limits<int>::max() / 2;

}  // namespace

LivingGraph::LivingGraph(const MatrixProblem& problem, const std::vector<int>& arrivals, bool depth_matters,
                         const AdderGraph& start)
    : problem_(problem),
      arrivals_(arrivals),
      depth_matters_(depth_matters),
      builder_(problem.ranges, arrivals, depth_matters) {
  load(start);
}

void LivingGraph::load(const AdderGraph& graph) {
  builder_ = GraphBuilder(problem_.ranges, arrivals_, depth_matters_);
  size_ = 0;
  adders_.clear();
  outputs_.clear();
  std::vector<int32_t> number(graph.nodes.size());
  const auto renumbered = [&](Operand operand) {
    if (operand.node >= 0) operand.node = number[static_cast<size_t>(operand.node)];
    return operand;
  };
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const AdderNode& node = graph.nodes[i];
    if (node.kind == AdderNode::Kind::kInput) number[i] = static_cast<int32_t>(i);
    if (node.kind == AdderNode::Kind::kConstant) number[i] = builder_.add_constant(node.range.low);
    if (node.kind == AdderNode::Kind::kAdder) number[i] = builder_.add(renumbered(node.left), renumbered(node.right));
  }
  see_new();
  for (size_t j = 0; j < graph.outputs.size(); ++j) {
    outputs_.push_back(renumbered(graph.outputs[j]));
    const Operand& output = outputs_.back();
    if (output.node < 0) continue;
    Node& node = at(output.node);
    ++node.uses;
    const int read = j < problem_.needed.size() && problem_.needed[j] >= 0 ? problem_.needed[j] : kAllBits;
    node.needed = std::max(node.needed, std::max(read - output.shift, 0));
  }
  for (auto i = static_cast<int32_t>(size_) - 1; i >= 0; --i) {
    if (!is_adder(i)) continue;
    if (is_read(i)) {
      attach(i);
      revive(i);
    } else {
      builder_.hide(i, true);
    }
  }
}

void LivingGraph::see_new() {
  nodes_.resize(std::max(nodes_.size(), builder_.size()));
  for (; size_ < builder_.size(); ++size_) {
    Node& node = nodes_[size_];
    node.readers.clear();
    node.uses = node.needed = 0;
  }
}

void LivingGraph::forget_from(size_t size) {
  size_ = size;
  builder_.forget_from(size);
}

int LivingGraph::cells(int32_t node) const {
  return std::max(0, adder(node).cost - std::max(0, builder_.top(node) - at(node).needed));
}

int64_t LivingGraph::bits() const {
  int64_t sum = 0;
  for (const int32_t node : adders_) sum += cells(node);
  return sum;
}

void LivingGraph::attach(int32_t node) {
  for (const Operand& operand : {adder(node).left, adder(node).right}) {
    Node& read = at(operand.node);
    read.readers.push_back(node);
    read.needed = std::max(read.needed, std::max(at(node).needed - operand.shift, 0));
  }
}

void LivingGraph::detach(int32_t node) {
  for (const int32_t operand : {adder(node).left.node, adder(node).right.node}) {
    std::vector<int32_t>& readers = at(operand).readers;
    *std::ranges::find(readers, node) = readers.back();
    readers.pop_back();
  }
}

void LivingGraph::revive(int32_t node) {
  builder_.hide(node, false);
  at(node).place = static_cast<uint32_t>(adders_.size());
  adders_.push_back(node);
}

void LivingGraph::bury(int32_t node) {
  builder_.hide(node, true);
  const uint32_t place = at(node).place;
  at(adders_.back()).place = place;
  adders_[place] = adders_.back();
  adders_.pop_back();
}

void LivingGraph::redirect(int32_t from, int32_t to) {
  if (from == to) return;
  Node& old = at(from);
  Node& now = at(to);
  for (const int32_t reader : old.readers) builder_.redirect(reader, from, to);
  now.readers.insert(now.readers.end(), old.readers.begin(), old.readers.end());
  now.needed = std::max(now.needed, old.needed);
  old.readers.clear();
  if (old.uses == 0) return;
  now.uses += old.uses;
  old.uses = 0;
  for (Operand& output : outputs_) {
    if (output.node == from) output.node = to;
  }
}

void LivingGraph::update_depth(int32_t node) {
  const auto depth_of = [&](int32_t index) {
    return std::max(adder(adder(index).left.node).depth, adder(adder(index).right.node).depth) + 1;
  };
  std::vector<int32_t> changed{node};
  while (!changed.empty()) {
    const int32_t next = changed.back();
    changed.pop_back();
    builder_.set_depth(next, depth_of(next));
    for (const int32_t reader : at(next).readers) {
      if (depth_of(reader) != adder(reader).depth) changed.push_back(reader);
    }
  }
}

AdderGraph LivingGraph::graph() const {
  AdderGraph graph;
  std::vector<int32_t> number(size_, -1);
  const auto number_of = [&](const Operand& operand) -> int32_t& { return number[static_cast<size_t>(operand.node)]; };
  const auto copy = [&](int32_t node) {
    number[static_cast<size_t>(node)] = static_cast<int32_t>(graph.nodes.size());
    graph.nodes.push_back(adder(node));
  };
  for (int32_t i = 0; i < problem_.inputs; ++i) copy(i);
  std::vector<int32_t> waiting;
  for (const Operand& output : outputs_) {
    graph.outputs.push_back(output);
    if (output.node < 0) continue;
    waiting.push_back(output.node);
    while (!waiting.empty()) {
      const int32_t node = waiting.back();
      const size_t before = waiting.size();
      const AdderNode& original = adder(node);
      const bool is_new = number[static_cast<size_t>(node)] < 0;
      if (is_new && original.kind == AdderNode::Kind::kAdder) {
        for (const Operand& operand : {original.left, original.right}) {
          if (number_of(operand) < 0) waiting.push_back(operand.node);
        }
      }
      if (waiting.size() > before) continue;  // its operands first
      waiting.pop_back();
      if (!is_new) continue;
      copy(node);
      AdderNode& made = graph.nodes.back();
      if (made.kind != AdderNode::Kind::kAdder) continue;
      made.left.node = number_of(original.left);
      made.right.node = number_of(original.right);
      made.depth = std::max(graph.nodes[static_cast<size_t>(made.left.node)].depth,
                            graph.nodes[static_cast<size_t>(made.right.node)].depth) +
                   1;
    }
    graph.outputs.back().node = number_of(output);
  }
  return graph;
}

}  // namespace hgq::rtl
