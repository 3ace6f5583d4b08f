// A graph of adders that can be changed: it knows what reads each node, and which adders are alive.
//
// Numbers of nodes stay as they are; dead nodes keep theirs and are hidden in the builder. A node's value never
// changes, only what it is read by, so that costs stay true.
#pragma once

#include <cstdint>
#include <vector>

#include "hgq/rtl/graph_builder.h"
#include "hgq/rtl/solver.h"

namespace hgq::rtl {

class LivingGraph {
 public:
  struct Node {
    std::vector<int32_t> readers;  // adders that are attached; twice if they read it twice
    int uses = 0;                  // by outputs
    int needed = 0;                // bits that are read, from below; at least, since it does not fall with a reader
    uint32_t place = 0;            // in adders()
  };

  /// `arrivals` and `problem` must outlive this.
  LivingGraph(const MatrixProblem& problem, const std::vector<int>& arrivals, bool depth_matters,
              const AdderGraph& start);

  GraphBuilder& builder() { return builder_; }
  const GraphBuilder& builder() const { return builder_; }
  const AdderNode& adder(int32_t node) const { return builder_.node(node); }
  bool is_adder(int32_t node) const { return adder(node).kind == AdderNode::Kind::kAdder; }
  Node& at(int32_t node) { return nodes_[static_cast<size_t>(node)]; }
  const Node& at(int32_t node) const { return nodes_[static_cast<size_t>(node)]; }
  bool is_read(int32_t node) const { return at(node).uses > 0 || !at(node).readers.empty(); }
  /// Nodes known here; the builder may have more, which sees_new() adds, not attached.
  size_t size() const { return size_; }
  void see_new();
  void forget_from(size_t size);
  const std::vector<int32_t>& adders() const { return adders_; }
  /// Of all adders that are alive.
  int64_t bits() const;
  /// Cells that an adder needs for the bits that are read.
  int cells(int32_t node) const;

  /// Makes an adder a reader of its operands, or not.
  void attach(int32_t node);
  void detach(int32_t node);
  /// An attached adder becomes alive, a detached one dead.
  void revive(int32_t node);
  void bury(int32_t node);
  /// All that reads `from` reads `to` from now on, which has the same value.
  void redirect(int32_t from, int32_t to);
  /// The depth of a node and of all above it, from those of its operands.
  void update_depth(int32_t node);

  /// The graph without dead nodes.
  AdderGraph graph() const;
  /// Gives all nodes new numbers, without the dead ones.
  void compact() { load(graph()); }

 private:
  void load(const AdderGraph& graph);

  const MatrixProblem& problem_;
  const std::vector<int>& arrivals_;
  bool depth_matters_;
  GraphBuilder builder_;
  size_t size_ = 0;
  std::vector<Node> nodes_;  // more than there are: a node that is forgotten leaves its memory to the next
  std::vector<int32_t> adders_;
  std::vector<Operand> outputs_;
};

}  // namespace hgq::rtl
