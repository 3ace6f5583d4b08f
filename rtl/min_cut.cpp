#include "hgq/rtl/min_cut.h"

#include <algorithm>

namespace hgq::rtl {

int MinCut::add_node() {
  first_.push_back(-1);
  return static_cast<int>(first_.size()) - 1;
}

void MinCut::add(int from, int to, int32_t cost, int32_t backward) {
  const auto put = [&](int a, int b, int32_t capacity) {
    arcs_.push_back({b, first_[static_cast<size_t>(a)], capacity});
    first_[static_cast<size_t>(a)] = static_cast<int>(arcs_.size()) - 1;
  };
  put(from, to, cost);
  put(to, from, backward);
}

bool MinCut::find_levels(int source, int sink) {
  level_.assign(first_.size(), -1);
  level_[static_cast<size_t>(source)] = 0;
  std::vector<int> queue{source};
  for (size_t at = 0; at < queue.size(); ++at) {
    const int node = queue[at];
    if (node == sink) break;
    for (int a = first_[static_cast<size_t>(node)]; a >= 0; a = arcs_[static_cast<size_t>(a)].next) {
      const Arc& arc = arcs_[static_cast<size_t>(a)];
      int& level = level_[static_cast<size_t>(arc.to)];
      if (arc.rest <= 0 || level >= 0) continue;
      level = level_[static_cast<size_t>(node)] + 1;
      queue.push_back(arc.to);
    }
  }
  return level_[static_cast<size_t>(sink)] >= 0;
}

/// Fills the shortest paths. The path so far is a list of arcs; a dead end is left by the way it was entered.
void MinCut::push(int source, int sink) {
  current_ = first_;
  std::vector<int> path;
  int node = source;
  while (true) {
    if (node == sink) {
      int32_t amount = kNever;
      for (const int a : path) amount = std::min(amount, arcs_[static_cast<size_t>(a)].rest);
      size_t back = path.size();
      for (size_t i = path.size(); i-- > 0;) {
        Arc& arc = arcs_[static_cast<size_t>(path[i])];
        Arc& opposite = arcs_[static_cast<size_t>(path[i] ^ 1)];
        if (arc.rest < kNever) arc.rest -= amount;
        if (opposite.rest < kNever) opposite.rest += amount;
        if (arc.rest == 0) back = i;
      }
      node = arcs_[static_cast<size_t>(path[back] ^ 1)].to;
      path.resize(back);
      continue;
    }
    int& a = current_[static_cast<size_t>(node)];
    while (a >= 0) {
      const Arc& arc = arcs_[static_cast<size_t>(a)];
      if (arc.rest > 0 && level_[static_cast<size_t>(arc.to)] == level_[static_cast<size_t>(node)] + 1) break;
      a = arc.next;
    }
    if (a >= 0) {
      path.push_back(a);
      node = arcs_[static_cast<size_t>(a)].to;
    } else if (path.empty()) {
      return;
    } else {
      level_[static_cast<size_t>(node)] = -1;
      node = arcs_[static_cast<size_t>(path.back() ^ 1)].to;
      path.pop_back();
    }
  }
}

std::vector<bool> MinCut::cut(int source, int sink) {
  while (find_levels(source, sink)) push(source, sink);
  std::vector<bool> with_source(first_.size());
  for (size_t node = 0; node < first_.size(); ++node) with_source[node] = level_[node] >= 0;
  return with_source;
}

}  // namespace hgq::rtl
