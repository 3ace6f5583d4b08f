// The cheapest way to part a directed graph in two, with a given node on each side (Dinic's maximum flow).
//
//   rtl::MinCut graph(4);                    // nodes 0 to 3
//   graph.add(0, 2, 5);
//   graph.add(2, 3, 2, rtl::MinCut::kNever); // 2 to 3 costs 2; no cut has 3 with the source and 2 with the sink
//   graph.add(3, 1, 4);
//   const std::vector<bool> with_source = graph.cut(0, 1);
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hgq::rtl {

class MinCut {
 public:
  static constexpr int32_t kNever = 1 << 30;

  explicit MinCut(int nodes) : first_(static_cast<size_t>(nodes), -1) {}

  int add_node();
  /// A cut with `from` on the source's side and `to` on the sink's costs `cost` more, the other way around `backward`.
  void add(int from, int to, int32_t cost, int32_t backward = 0);

  /// Which nodes are on the source's side in a cheapest cut: of all such cuts, the one with the fewest. To be called
  /// once. No path of arcs that are never cut may lead from source to sink.
  std::vector<bool> cut(int source, int sink);

 private:
  struct Arc {
    int to = 0;
    int next = -1;  // of the same node
    int32_t rest = 0;
  };

  bool find_levels(int source, int sink);
  void push(int source, int sink);

  std::vector<Arc> arcs_;  // an arc and the one back are neighbours
  std::vector<int> first_, current_, level_;
};

}  // namespace hgq::rtl
