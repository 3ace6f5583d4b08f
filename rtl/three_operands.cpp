#include "hgq/rtl/three_operands.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace hgq::rtl {

int adder_cells(const Circuit& circuit, const Node& sum) {
  const int chain = chain_bits(circuit, sum);
  return chain == 0 ? 0 : chain + (sum.operand_count == 3 ? 1 : 0);
}

int64_t adder_cells(const Circuit& circuit) {
  int64_t cells = 0;
  for (const Node& node : circuit.nodes) cells += node.kind == NodeKind::kAdd ? adder_cells(circuit, node) : 0;
  return cells;
}

namespace {

/// The sum `reader` with its operand `which` replaced by what that is the sum of; nullopt if wires have too few bits
/// for it: a sum can have a smaller range than its operands, which then are narrower than their own ranges.
std::optional<Node> fused(const Circuit& circuit, const Node& reader, size_t which) {
  const Operand& through = reader.operands[which];
  const Node& inner = circuit.node(through.node);
  Node node = reader;
  node.operand_count = 3;
  node.operands[0] = reader.operands[1 - which];
  for (size_t i = 0; i < 2; ++i) {
    const Operand& from = inner.operands[i];
    node.operands[i + 1] = {from.node, from.shift + through.shift, from.negative != through.negative};
    const Node& source = circuit.node(from.node);
    if (bits_read(source, node.operands[i + 1].shift, node.bits) > source.bits) return std::nullopt;
  }
  return node;
}

/// Chooses the sums that go into their readers.
class Fusion {
 public:
  explicit Fusion(const Circuit& circuit) : circuit_(circuit), state_(circuit.nodes.size()) {
    find_readers();
    for (size_t i = 0; i < state_.size(); ++i) find_gain(i);
    find_trees();
    search();
  }

  Circuit apply() const {
    Circuit out = circuit_;
    for (const Tree& tree : trees_) {
      for (const size_t sum : matched(tree)) put_into_readers(sum, out);
    }
    for (size_t i = 0; i < state_.size(); ++i) {
      if (state_[i].shared) put_into_readers(i, out);
    }
    return trimmed(out);
  }

 private:
  struct State {
    bool is_sum = false;          // of two
    bool needed = false;          // by an output, or by what is not a sum of two
    std::vector<size_t> readers;  // each time that it is read
    int gain = 0;                 // cells saved if it goes into its readers; 0 or less: it does not
    int tree = -1;                // index into trees_
    bool shared = false;          // goes into several readers
    int taken = 0;                // it is shared, or one that is shared goes into it
    int without = 0, best = 0;    // cells saved below: it takes none of its operands in, or does what is best
  };
  using Tree = std::vector<size_t>;  // sums, each after those that only it reads

  bool is_shareable(const State& state) const { return state.readers.size() > 1 && state.gain > 0; }

  void find_readers() {
    for (size_t i = 0; i < state_.size(); ++i) {
      const Node& node = circuit_.nodes[i];
      state_[i].is_sum = node.kind == NodeKind::kAdd && node.operand_count == 2;
      for (const Operand& operand : node.reads()) {
        State& read = state_[static_cast<size_t>(operand.node)];
        read.readers.push_back(i);
        read.needed = read.needed || !state_[i].is_sum;
      }
    }
    for (const Port& port : circuit_.outputs) {
      for (const Feature& feature : port.features) {
        if (feature.node >= 0) state_[static_cast<size_t>(feature.node)].needed = true;
      }
    }
  }

  /// Which operand of a sum this is.
  size_t place_in(size_t reader, size_t sum) const {
    return circuit_.nodes[reader].operands[0].node == static_cast<int32_t>(sum) ? 0 : 1;
  }

  void find_gain(size_t index) {
    State& state = state_[index];
    if (!state.is_sum || state.needed) return;
    int gain = adder_cells(circuit_, circuit_.nodes[index]);
    for (const size_t reader : state.readers) {
      const Node& node = circuit_.nodes[reader];
      if (node.operands[0].node == node.operands[1].node) return;
      const std::optional<Node> sum = fused(circuit_, node, place_in(reader, index));
      if (!sum) return;
      gain -= adder_cells(circuit_, *sum) - adder_cells(circuit_, node);
    }
    state.gain = gain;
  }

  bool is_part_of_reader(const State& state) const {
    return state.is_sum && !state.needed && state.readers.size() == 1;
  }

  void find_trees() {
    for (size_t i = state_.size(); i-- > 0;) {
      State& state = state_[i];
      if (!state.is_sum) continue;
      if (is_part_of_reader(state)) {
        state.tree = state_[state.readers[0]].tree;
      } else {
        state.tree = static_cast<int>(trees_.size());
        trees_.emplace_back();
      }
      trees_[static_cast<size_t>(state.tree)].push_back(i);
    }
    for (Tree& tree : trees_) {
      std::ranges::reverse(tree);
      saved_.push_back(match(tree));
    }
  }

  /// The sums that only this one reads.
  template <typename F>
  void each_part(size_t index, F f) const {
    for (const Operand& operand : circuit_.nodes[index].reads()) {
      const auto part = static_cast<size_t>(operand.node);
      if (is_part_of_reader(state_[part])) f(part);
    }
  }

  /// The most cells that can be saved in a tree, without those that are taken already.
  int match(const Tree& tree) {
    for (const size_t i : tree) {
      State& state = state_[i];
      state.without = 0;
      each_part(i, [&](size_t part) { state.without += state_[part].best; });
      state.best = state.without;
      if (state.taken > 0) continue;
      each_part(i, [&](size_t part) {
        const State& p = state_[part];
        if (p.taken == 0 && p.gain > 0) state.best = std::max(state.best, state.without - p.best + p.without + p.gain);
      });
    }
    return state_[tree.back()].best;
  }

  /// The sums of a tree that go into their readers.
  std::vector<size_t> matched(const Tree& tree) const {
    std::vector<size_t> found;
    std::vector<size_t> inside;  // of `found`
    for (size_t at = tree.size(); at-- > 0;) {
      const size_t i = tree[at];
      const State& state = state_[i];
      if (std::find(inside.begin(), inside.end(), i) != inside.end() || state.best == state.without) continue;
      bool done = false;
      each_part(i, [&](size_t part) {
        const State& p = state_[part];
        if (done || p.taken > 0 || p.gain <= 0 || state.best != state.without - p.best + p.without + p.gain) return;
        done = true;
        found.push_back(part);
        inside.push_back(part);
      });
    }
    return found;
  }

  /// Shares sums that are read several times, one after the other, where that saves more than what has to be given up.
  void search() {
    std::vector<size_t> candidates;
    for (size_t i = 0; i < state_.size(); ++i) {
      if (is_shareable(state_[i])) candidates.push_back(i);
    }
    std::ranges::stable_sort(candidates, [&](size_t a, size_t b) { return state_[a].gain > state_[b].gain; });
    constexpr int kMostRounds = 10;
    for (int round = 0; round < kMostRounds; ++round) {
      bool any = false;
      for (const size_t candidate : candidates) any = try_other(candidate) || any;
      if (!any) return;
    }
  }

  /// Those that are shared and cannot be together with this one.
  std::vector<size_t> in_conflict(size_t index) const {
    std::vector<size_t> found;
    const auto add = [&](size_t other) {
      if (other != index && state_[other].shared) found.push_back(other);
    };
    const auto add_operands = [&](size_t of) {
      for (const Operand& operand : circuit_.nodes[of].reads()) add(static_cast<size_t>(operand.node));
    };
    add_operands(index);
    for (const size_t reader : state_[index].readers) {
      add(reader);
      add_operands(reader);
    }
    std::ranges::sort(found);
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

  void set_shared(size_t index, bool shared, std::vector<int>& changed) {
    State& state = state_[index];
    state.shared = shared;
    const auto take = [&](size_t sum) {
      state_[sum].taken += shared ? 1 : -1;
      changed.push_back(state_[sum].tree);
    };
    take(index);
    for (const size_t reader : state.readers) take(reader);
  }

  int gain_of(const std::vector<size_t>& sums) const {
    int gain = 0;
    for (const size_t sum : sums) gain += state_[sum].gain;
    return gain;
  }

  /// Shares a sum that is not, or the other way around; back again if that saves nothing.
  bool try_other(size_t index) {
    const bool shared = !state_[index].shared;
    const std::vector<size_t> conflicts = shared ? in_conflict(index) : std::vector<size_t>{};
    std::vector<int> changed;
    for (const size_t other : conflicts) set_shared(other, false, changed);
    set_shared(index, shared, changed);
    std::ranges::sort(changed);
    changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
    int gain = (shared ? 1 : -1) * state_[index].gain - gain_of(conflicts);
    std::vector<int> saved;
    for (const int tree : changed) {
      saved.push_back(match(trees_[static_cast<size_t>(tree)]));
      gain += saved.back() - saved_[static_cast<size_t>(tree)];
    }
    if (gain > 0) {
      for (size_t i = 0; i < changed.size(); ++i) saved_[static_cast<size_t>(changed[i])] = saved[i];
      return true;
    }
    std::vector<int> again;
    set_shared(index, !shared, again);
    for (const size_t other : conflicts) set_shared(other, true, again);
    for (const int tree : changed) match(trees_[static_cast<size_t>(tree)]);
    return false;
  }

  void put_into_readers(size_t index, Circuit& out) const {
    for (const size_t reader : state_[index].readers)
      out.nodes[reader] = *fused(circuit_, circuit_.nodes[reader], place_in(reader, index));
  }

  const Circuit& circuit_;
  std::vector<State> state_;
  std::vector<Tree> trees_;
  std::vector<int> saved_;  // by each tree
};

}  // namespace

Circuit with_three_operands(const Circuit& circuit) {
  const Circuit source = trimmed(circuit);
  return Fusion(source).apply();
}

}  // namespace hgq::rtl
