#include "hgq/report/graph_layout.h"

#include <algorithm>
#include <cstddef>

#include "hgq/core/error.h"

namespace hgq::report {
namespace {

constexpr int kSweeps = 12;
constexpr int kSettlings = 24;
constexpr double kPassingWidth = 0.4;

/// A node, or the place where a link passes a rank.
struct Vertex {
  int rank = 0;
  bool is_passing = false;
  std::vector<size_t> up, down;  // in the ranks before and after
  double column = 0;
};

class Layers {
 public:
  explicit Layers(const std::vector<std::vector<int>>& parents) : count_(parents.size()) {
    vertices_.resize(count_);
    for (size_t node = 0; node < count_; ++node) {
      for (const int parent : parents[node]) {
        HGQ_CHECK(parent >= 0 && static_cast<size_t>(parent) < node, ShapeError, "lay_out: node ", node, " reads node ",
                  parent, ", expected one before it");
        vertices_[node].rank = std::max(vertices_[node].rank, vertices_[static_cast<size_t>(parent)].rank + 1);
      }
    }
    for (size_t node = 0; node < count_; ++node) {
      for (const int parent : parents[node]) add_link(static_cast<size_t>(parent), node);
    }
    for (size_t v = 0; v < vertices_.size(); ++v) {
      const auto rank = static_cast<size_t>(vertices_[v].rank);
      if (ranks_.size() <= rank) ranks_.resize(rank + 1);
      ranks_[rank].push_back(v);
    }
  }

  GraphLayout result() {
    order();
    settle();
    GraphLayout layout;
    layout.ranks = static_cast<int>(ranks_.size());
    double least = 0;
    double most = 0;
    for (const Vertex& v : vertices_) {
      least = std::min(least, v.column);
      most = std::max(most, v.column);
    }
    layout.columns = most - least;
    const auto place = [&](size_t v) { return GraphPlace{vertices_[v].rank, vertices_[v].column - least}; };
    for (size_t v = 0; v < count_; ++v) layout.places.push_back(place(v));
    for (const Way& way : ways_) {
      GraphLink link{static_cast<int>(way.from), static_cast<int>(way.to), {}};
      for (const size_t v : way.passing) link.bends.push_back(place(v));
      layout.links.push_back(std::move(link));
    }
    return layout;
  }

 private:
  struct Way {
    size_t from, to;
    std::vector<size_t> passing;
  };

  void add_link(size_t from, size_t to) {
    Way way{from, to, {}};
    size_t last = from;
    for (int rank = vertices_[from].rank + 1; rank < vertices_[to].rank; ++rank) {
      vertices_.push_back({.rank = rank, .is_passing = true, .up = {}, .down = {}, .column = 0});
      join(last, vertices_.size() - 1);
      last = vertices_.size() - 1;
      way.passing.push_back(last);
    }
    join(last, to);
    ways_.push_back(std::move(way));
  }
  void join(size_t upper, size_t lower) {
    vertices_[upper].down.push_back(lower);
    vertices_[lower].up.push_back(upper);
  }

  /// Numbers the vertices of each rank from left to right.
  void number() {
    for (const std::vector<size_t>& rank : ranks_) {
      for (size_t i = 0; i < rank.size(); ++i) vertices_[rank[i]].column = static_cast<double>(i);
    }
  }

  size_t crossings() const {
    size_t count = 0;
    for (const std::vector<size_t>& rank : ranks_) {
      std::vector<std::pair<double, double>> links;
      for (const size_t v : rank) {
        for (const size_t d : vertices_[v].down) links.emplace_back(vertices_[v].column, vertices_[d].column);
      }
      if (links.size() > 400) continue;  // nobody counts these
      for (size_t i = 0; i < links.size(); ++i) {
        for (size_t j = i + 1; j < links.size(); ++j)
          count += (links[i].first - links[j].first) * (links[i].second - links[j].second) < 0 ? 1 : 0;
      }
    }
    return count;
  }

  double mean(const std::vector<size_t>& neighbours, double otherwise) const {
    if (neighbours.empty()) return otherwise;
    double sum = 0;
    for (const size_t n : neighbours) sum += vertices_[n].column;
    return sum / static_cast<double>(neighbours.size());
  }

  void order() {
    number();
    std::vector<std::vector<size_t>> best = ranks_;
    size_t fewest = crossings();
    for (int sweep = 0; sweep < kSweeps && fewest > 0; ++sweep) {
      const bool downwards = sweep % 2 == 0;
      for (size_t step = 0; step < ranks_.size(); ++step) {
        std::vector<size_t>& rank = ranks_[downwards ? step : ranks_.size() - 1 - step];
        std::vector<std::pair<double, size_t>> keys;
        for (const size_t v : rank)
          keys.emplace_back(mean(downwards ? vertices_[v].up : vertices_[v].down, vertices_[v].column), v);
        std::ranges::stable_sort(keys, {}, &std::pair<double, size_t>::first);
        for (size_t i = 0; i < rank.size(); ++i) {
          rank[i] = keys[i].second;
          vertices_[rank[i]].column = static_cast<double>(i);
        }
      }
      if (const size_t now = crossings(); now < fewest) {
        fewest = now;
        best = ranks_;
      }
    }
    ranks_ = best;
    number();
  }

  double distance(size_t a, size_t b) const {
    const auto half = [&](size_t v) { return vertices_[v].is_passing ? kPassingWidth / 2 : 0.5; };
    return half(a) + half(b);
  }

  /// Moves the vertices of each rank towards the mean of their neighbours, in their order and at their distances.
  void settle() {
    for (const std::vector<size_t>& rank : ranks_) {
      double at = 0;
      for (size_t i = 0; i < rank.size(); ++i) {
        if (i > 0) at += distance(rank[i - 1], rank[i]);
        vertices_[rank[i]].column = at;
      }
      for (const size_t v : rank) vertices_[v].column -= at / 2;
    }
    for (int round = 0; round < kSettlings; ++round) {
      for (size_t step = 0; step < ranks_.size(); ++step)
        settle_rank(ranks_[round % 2 == 0 ? step : ranks_.size() - 1 - step], round % 2 == 0);
    }
  }

  void settle_rank(const std::vector<size_t>& rank, bool downwards) {
    std::vector<double> wanted;
    for (const size_t v : rank) {
      const Vertex& vertex = vertices_[v];
      const std::vector<size_t>& first = downwards ? vertex.up : vertex.down;
      wanted.push_back(mean(first, mean(downwards ? vertex.down : vertex.up, vertex.column)));
    }
    // From the left each is pushed right as far as it must be, from the right left; the mean of both keeps distances.
    std::vector<double> right = wanted;
    std::vector<double> left = wanted;
    for (size_t i = 1; i < rank.size(); ++i)
      right[i] = std::max(right[i], right[i - 1] + distance(rank[i - 1], rank[i]));
    for (size_t i = rank.size() - 1; i-- > 0;)
      left[i] = std::min(left[i], left[i + 1] - distance(rank[i], rank[i + 1]));
    for (size_t i = 0; i < rank.size(); ++i) vertices_[rank[i]].column = (left[i] + right[i]) / 2;
  }

  size_t count_;
  std::vector<Vertex> vertices_;
  std::vector<std::vector<size_t>> ranks_;
  std::vector<Way> ways_;
};

}  // namespace

GraphLayout lay_out(const std::vector<std::vector<int>>& parents) { return Layers(parents).result(); }

}  // namespace hgq::report
