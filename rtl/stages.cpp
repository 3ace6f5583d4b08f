#include "hgq/rtl/stages.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/rtl/min_cut.h"

namespace hgq::rtl {
namespace {

constexpr double kRounding = 1e-9;  // of sums of delays

/// When a node's wire is there: in which stage, and how long after its beginning.
struct Time {
  int stage = 0;
  double after = 0;

  friend bool operator<(const Time& a, const Time& b) {
    return a.stage < b.stage || (a.stage == b.stage && a.after < b.after);
  }
};

}  // namespace

StageGraph::StageGraph(const Circuit& circuit, const DelayModel& model) {
  const size_t count = circuit.nodes.size();
  constant_.resize(count);
  output_.resize(count);
  operands_.first.push_back(0);
  std::vector<size_t> readers(count + 1);
  for (size_t i = 0; i < count; ++i) {
    const Node& node = circuit.nodes[i];
    std::vector<int32_t>& items = operands_.items;
    for (const Operand& operand : node.reads()) {
      const auto begin = items.begin() + static_cast<ptrdiff_t>(operands_.first.back());
      if (constant_[static_cast<size_t>(operand.node)] || std::find(begin, items.end(), operand.node) != items.end())
        continue;
      items.push_back(operand.node);
      ++readers[static_cast<size_t>(operand.node) + 1];
    }
    operands_.first.push_back(items.size());
    constant_[i] = node.kind != NodeKind::kInput && operands_.first[i] == items.size();
    delays_.push_back(constant_[i] ? 0 : delay_of(circuit, node, model));
    bits_.push_back(constant_[i] ? 0 : node.bits);
  }
  for (size_t i = 0; i < count; ++i) readers[i + 1] += readers[i];
  readers_.first = readers;
  readers_.items.resize(operands_.items.size());
  for (size_t i = 0; i < count; ++i) {
    for (const int32_t operand : operands_of(i))
      readers_.items[readers[static_cast<size_t>(operand)]++] = static_cast<int32_t>(i);
  }
  for (const Port& port : circuit.outputs) {
    for (const Feature& feature : port.features) {
      if (feature.node >= 0) output_[static_cast<size_t>(feature.node)] = !constant_[static_cast<size_t>(feature.node)];
    }
  }
}

double StageGraph::longest_node() const { return delays_.empty() ? 0 : *std::ranges::max_element(delays_); }

std::optional<Stages> earliest_stages(const StageGraph& graph, double delay) {
  if (graph.longest_node() > delay + kRounding) return std::nullopt;
  std::vector<Time> times(graph.size());
  Stages stages{.count = 1};
  for (size_t i = 0; i < graph.size(); ++i) {
    Time& time = times[i];
    for (const int32_t operand : graph.operands_of(i)) time = std::max(time, times[static_cast<size_t>(operand)]);
    time.after += graph.delay(i);
    if (time.after > delay + kRounding) time = {time.stage + 1, graph.delay(i)};
    stages.stage.push_back(time.stage);
    stages.count = std::max(stages.count, time.stage + 1);
    stages.delay = std::max(stages.delay, time.after);
  }
  return stages;
}

Stages fastest_stages(const StageGraph& graph, int count) {
  HGQ_CHECK(count >= 1, Error, "a pipeline of ", count, " stages");
  double most = 0;
  for (size_t i = 0; i < graph.size(); ++i) most += graph.delay(i);
  double least = graph.longest_node();
  Stages best = *earliest_stages(graph, most);
  most = best.delay;  // of all nodes in one stage
  const auto try_delay = [&](double delay) {
    std::optional<Stages> stages = earliest_stages(graph, delay);
    const bool enough = stages && stages->count <= count;
    if (enough) best = *std::move(stages);
    return enough;
  };
  if (!try_delay(least)) {
    while (most - least > 1e-3 * least) {
      const double delay = (least + most) / 2;
      (try_delay(delay) ? most : least) = delay;
    }
  }
  best.count = count;
  return best;
}

int64_t register_bits(const StageGraph& graph, const Stages& stages) {
  int64_t bits = 0;
  for (size_t i = 0; i < graph.size(); ++i) {
    int last = graph.is_output(i) ? stages.count : stages.stage[i];
    for (const int32_t reader : graph.readers_of(i)) last = std::max(last, stages.stage[static_cast<size_t>(reader)]);
    bits += int64_t{graph.bits(i)} * (last - stages.stage[i]);
  }
  return bits;
}

namespace {

/// Moves sets of nodes to the next stage, or to the one before, as long as that saves registers. The best set is a
/// minimum cut. When none is left, no other stages have fewer registers: their number is an L-natural-convex function
/// of the stages, whose local minimum in this sense is its minimum (Murota, Discrete Convex Analysis).
class StageDescent {
 public:
  StageDescent(const StageGraph& graph, Stages stages)
      : graph_(graph), stages_(std::move(stages)), earliest_(earliest_stages(graph, stages_.delay)->stage) {
    find_latest();
    find_far_pairs();
  }

  Stages run() && {
    int64_t bits = register_bits(graph_, stages_);
    for (int failed = 0, direction = 1; failed < 2; direction = -direction) {
      const Stages moved = move(direction);
      const int64_t now = register_bits(graph_, moved);
      ++failed;
      if (now >= bits) continue;
      bits = now;
      stages_ = moved;
      failed = 0;
    }
    return std::move(stages_);
  }

 private:
  int stage(int32_t node) const { return stages_.stage[static_cast<size_t>(node)]; }

  void find_latest() {
    const size_t count = graph_.size();
    std::vector<Time> times(count);  // from the end
    latest_.resize(count);
    for (size_t i = count; i-- > 0;) {
      Time& time = times[i];
      for (const int32_t reader : graph_.readers_of(i)) time = std::max(time, times[static_cast<size_t>(reader)]);
      time.after += graph_.delay(i);
      if (time.after > stages_.delay + kRounding) time = {time.stage + 1, graph_.delay(i)};
      latest_[i] = graph_.is_input(i) ? 0 : stages_.count - 1 - time.stage;
    }
  }

  /// Pairs between which there is a path of more than a stage. Left out are those that follow from others, and those
  /// that cannot come into the same stage.
  void find_far_pairs() {
    const double most = stages_.delay + kRounding;
    std::vector<double> times(graph_.size(), -1);
    std::vector<int32_t> heap;
    for (size_t first = 0; first < graph_.size(); ++first) {
      if (graph_.is_input(first) || graph_.delay(first) == 0) continue;
      times[first] = graph_.delay(first);
      heap.assign(1, static_cast<int32_t>(first));
      while (!heap.empty()) {
        std::ranges::pop_heap(heap, std::greater{});
        const auto node = static_cast<size_t>(heap.back());
        heap.pop_back();
        const double time = std::exchange(times[node], -1);
        if (time > most) {
          if (time - graph_.delay(first) <= most) far_.emplace_back(first, node);
          continue;
        }
        for (const int32_t reader : graph_.readers_of(node)) {
          const auto r = static_cast<size_t>(reader);
          if (earliest_[r] > latest_[first]) continue;
          if (times[r] < 0) {
            heap.push_back(reader);
            std::ranges::push_heap(heap, std::greater{});
          }
          times[r] = std::max(times[r], time + graph_.delay(r));
        }
      }
    }
  }

  /// The best set of nodes that move by one stage in a direction, moved.
  Stages move(int direction) const {
    constexpr int kMoves = 0;
    constexpr int kStays = 1;
    const size_t count = graph_.size();
    const auto node_of = [](size_t i) { return static_cast<int>(i) + 2; };
    MinCut flow(static_cast<int>(count) + 2);
    // What moves makes others move.
    const auto tie = [&](size_t early, size_t late) {
      if (direction > 0) flow.add(node_of(early), node_of(late), MinCut::kNever);
      if (direction < 0) flow.add(node_of(late), node_of(early), MinCut::kNever);
    };
    std::vector<int> weights(count);  // what a node's moving costs
    for (size_t i = 0; i < count; ++i) {
      const int own = stages_.stage[i];
      const std::span<const int32_t> readers = graph_.readers_of(i);
      int last = graph_.is_output(i) ? stages_.count : own;
      for (const int32_t reader : readers) last = std::max(last, stage(reader));
      for (const int32_t reader : readers) {
        if (stage(reader) == own) tie(i, static_cast<size_t>(reader));
      }
      if (graph_.is_constant(i)) continue;
      if (own == (direction > 0 ? latest_ : earliest_)[i]) flow.add(node_of(i), kStays, MinCut::kNever);
      weights[i] -= direction * graph_.bits(i);
      if (graph_.is_output(i) || readers.empty()) continue;
      // The registers end at the last reader: one that moves on needs one more, and all that move back one less.
      std::vector<int32_t> at_last;
      std::ranges::copy_if(readers, std::back_inserter(at_last), [&](int32_t r) { return stage(r) == last; });
      if (at_last.size() == 1) {
        weights[static_cast<size_t>(at_last[0])] += direction * graph_.bits(i);
        continue;
      }
      const int all = flow.add_node();
      for (const int32_t reader : at_last) {
        const int r = node_of(static_cast<size_t>(reader));
        if (direction > 0) flow.add(r, all, MinCut::kNever);
        if (direction < 0) flow.add(all, r, MinCut::kNever);
      }
      if (direction > 0) flow.add(all, kStays, graph_.bits(i));
      if (direction < 0) flow.add(kMoves, all, graph_.bits(i));
    }
    for (const auto& [early, late] : far_) {
      if (stages_.stage[late] == stages_.stage[early] + 1) tie(early, late);
    }
    for (size_t i = 0; i < count; ++i) {
      if (weights[i] < 0) flow.add(kMoves, node_of(i), -weights[i]);
      if (weights[i] > 0) flow.add(node_of(i), kStays, weights[i]);
    }
    const std::vector<bool> moves = flow.cut(kMoves, kStays);
    Stages moved = stages_;
    for (size_t i = 0; i < count; ++i) moved.stage[i] += moves[static_cast<size_t>(node_of(i))] ? direction : 0;
    return moved;
  }

  const StageGraph& graph_;
  Stages stages_;
  std::vector<int> earliest_, latest_;
  std::vector<std::pair<size_t, size_t>> far_;
};

/// Stages by thresholds of a time that no reader has earlier than its operands.
class Thresholds {
 public:
  /// `times`: of each node, when it is there; `delay`: of a stage.
  Thresholds(const StageGraph& graph, std::vector<double> times, double delay)
      : graph_(graph), times_(std::move(times)), delay_(delay) {
    double last = 0;
    for (const double time : times_) last = std::max(last, time);
    std::vector<double> sorted = times_;
    std::ranges::sort(sorted);
    // Neighbours are one level; no more levels than kMostLevels.
    const double step = std::max(last / kMostLevels, kRounding);
    for (const double time : sorted) {
      if (ends_.empty() || time > begins_.back() + step) {
        begins_.push_back(time);
        ends_.push_back(time);
      }
      ends_.back() = time;
    }
    for (const double time : times_) {
      levels_.push_back(static_cast<int>(std::ranges::upper_bound(begins_, time) - begins_.begin()) - 1);
    }
    count_crossing();
  }

  /// The best thresholds for so many stages; nullopt if there are none that keep the stage delay.
  std::optional<Stages> best(int count) const {
    const int levels = static_cast<int>(ends_.size());
    constexpr int64_t kNone = std::numeric_limits<int64_t>::max() / 2;
    const auto at = [&](int cuts, int level) { return static_cast<size_t>(cuts * levels + level); };
    // Cut number `cuts` is behind this level. Level 0 is where the first stage begins, before all logic.
    std::vector<int64_t> bits(at(count, levels), kNone);
    std::vector<int> previous(bits.size(), -1);
    for (int level = 0; level < levels; ++level) {
      if (stage_fits(-1, level)) bits[at(1, level)] = crossing(level);
    }
    for (int cuts = 2; cuts < count; ++cuts) {
      for (int level = 0; level < levels; ++level) {
        for (int before = 0; before <= level; ++before) {
          if (!stage_fits(before, level)) continue;
          const int64_t sum = bits[at(cuts - 1, before)] + crossing(level);
          if (sum >= bits[at(cuts, level)]) continue;
          bits[at(cuts, level)] = sum;
          previous[at(cuts, level)] = before;
        }
      }
    }
    int level = -1;
    int64_t least = kNone;
    for (int last = 0; count > 1 && last < levels; ++last) {
      if (!stage_fits(last, levels - 1) || bits[at(count - 1, last)] >= least) continue;
      least = bits[at(count - 1, last)];
      level = last;
    }
    if (level < 0) return std::nullopt;
    std::vector<int> cuts;
    for (int cut = count - 1; cut >= 1; --cut) {
      cuts.push_back(level);
      level = previous[at(cut, level)];
    }
    Stages stages{.count = count, .delay = delay_};
    for (const int own : levels_)
      stages.stage.push_back(static_cast<int>(std::ranges::count_if(cuts, [&](int cut) { return cut < own; })));
    return stages;
  }

 private:
  static constexpr int kMostLevels = 150;

  int64_t crossing(int level) const { return crossing_[static_cast<size_t>(level)]; }

  /// A stage behind the level `before` up to the level `last`, included.
  bool stage_fits(int before, int last) const {
    return before >= last ||
           ends_[static_cast<size_t>(last)] - starts_[static_cast<size_t>(before + 1)] <= delay_ + kRounding;
  }

  void count_crossing() {
    const size_t levels = ends_.size();
    std::vector<int64_t> change(levels + 1);
    starts_.assign(levels + 1, std::numeric_limits<double>::max());
    for (size_t i = 0; i < graph_.size(); ++i) {
      const auto own = static_cast<size_t>(levels_[i]);
      if (!graph_.is_constant(i) && !graph_.is_input(i))
        starts_[own] = std::min(starts_[own], times_[i] - graph_.delay(i));
      size_t last = graph_.is_output(i) ? levels : own;
      for (const int32_t reader : graph_.readers_of(i))
        last = std::max(last, static_cast<size_t>(levels_[static_cast<size_t>(reader)]));
      change[own] += graph_.bits(i);
      change[last] -= graph_.bits(i);
    }
    for (size_t level = levels; level-- > 0;) starts_[level] = std::min(starts_[level], starts_[level + 1]);
    int64_t bits = 0;
    for (size_t level = 0; level < levels; ++level) crossing_.push_back(bits += change[level]);
  }

  const StageGraph& graph_;
  std::vector<double> times_;
  double delay_;
  std::vector<double> begins_, ends_;  // of each level
  std::vector<int> levels_;            // of each node
  std::vector<double> starts_;         // from each level on, when the first node starts
  std::vector<int64_t> crossing_;      // bits that cross a cut behind each level
};

/// Times from the beginning, each node as early as it can be, and from the end, as late.
std::vector<double> earliest_times(const StageGraph& graph) {
  std::vector<double> times(graph.size());
  for (size_t i = 0; i < graph.size(); ++i) {
    for (const int32_t operand : graph.operands_of(i))
      times[i] = std::max(times[i], times[static_cast<size_t>(operand)]);
    times[i] += graph.delay(i);
  }
  return times;
}

std::vector<double> latest_times(const StageGraph& graph, double longest) {
  std::vector<double> times(graph.size(), longest);
  for (size_t i = graph.size(); i-- > 0;) {
    for (const int32_t reader : graph.readers_of(i)) {
      const auto r = static_cast<size_t>(reader);
      times[i] = std::min(times[i], times[r] - graph.delay(r));
    }
    if (graph.is_constant(i) || graph.is_input(i)) times[i] = 0;
  }
  return times;
}

}  // namespace

Stages with_fewest_registers(const StageGraph& graph, const Stages& stages) {
  if (stages.count < 2 || graph.size() == 0) return stages;
  const std::vector<double> early = earliest_times(graph);
  const std::vector<double> late = latest_times(graph, *std::ranges::max_element(early));
  Stages best = stages;
  int64_t least = std::numeric_limits<int64_t>::max();
  for (const std::vector<double>& times : {early, late}) {
    std::optional<Stages> start = Thresholds(graph, times, stages.delay).best(stages.count);
    if (!start) continue;
    const int64_t bits = register_bits(graph, *start);
    if (bits >= least) continue;
    least = bits;
    best = *start;
  }
  return StageDescent(graph, best).run();
}

}  // namespace hgq::rtl
