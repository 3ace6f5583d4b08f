#include "hgq/rtl/three_operands.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "hgq/rtl/delay.h"
#include "hgq/rtl/sum_tree.h"

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

/// Sums of two that only one other reads are one sum with it, of many terms. Each such sum is added up anew.
class Regrouping {
 public:
  explicit Regrouping(const Circuit& circuit)
      : circuit_(circuit), levels_(delays_of(circuit, DelayModel::adder_levels()).ready), sums_(circuit.nodes.size()) {
    find_readers();
    for (size_t i = 0; i < sums_.size(); ++i) {
      if (is_whole(i)) begin(i);
    }
    expand_all();
  }

  Circuit apply() const {
    Circuit out{.name = circuit_.name,
                .layers = circuit_.layers,
                .tables = circuit_.tables,
                .inputs = circuit_.inputs,
                .outputs = circuit_.outputs,
                .latency = circuit_.latency};
    std::vector<int32_t> places(circuit_.nodes.size(), -1);
    for (size_t i = 0; i < circuit_.nodes.size(); ++i) {
      if (is_part(i) || sums_[i].expanded) continue;
      if (!sums_[i].terms.empty()) {
        places[i] = add_sums(i, places, out);
        continue;
      }
      Node node = circuit_.nodes[i];
      for (Operand& operand : node.reads()) operand.node = places[static_cast<size_t>(operand.node)];
      places[i] = add(node, out);
    }
    for (std::vector<Port>* const ports : {&out.inputs, &out.outputs}) {
      for (Port& port : *ports) {
        for (Feature& feature : port.features) {
          if (feature.node >= 0) feature.node = places[static_cast<size_t>(feature.node)];
        }
      }
    }
    return trimmed(out);
  }

 private:
  struct Sum {
    bool of_two = false;
    bool needed = false;  // by an output, or by what is not a sum of two
    int reads = 0;
    // Of one that is a whole; no terms if it stays as it is.
    std::vector<Summand> terms;
    SumTree tree;
    std::vector<size_t> readers;  // wholes of which it is a term
    bool expanded = false;        // its terms have become those of its readers
    int changes = 0;              // of the tree
    int tried_at = -1;            // changes of its readers and its own when it could not be expanded
  };

  static constexpr int kMostRounds = 4;
  static constexpr size_t kMostTerms = 64;         // of a sum that others are expanded into
  static constexpr size_t kMostExpandedTerms = 3;  // of one that is expanded

  Sum& sum(const Operand& operand) { return sums_[static_cast<size_t>(operand.node)]; }
  bool is_whole(size_t i) const { return sums_[i].of_two && (sums_[i].needed || sums_[i].reads != 1); }
  bool is_part(size_t i) const { return sums_[i].of_two && !is_whole(i); }
  bool is_part(const Operand& operand) const { return is_part(static_cast<size_t>(operand.node)); }

  static int32_t add(const Node& node, Circuit& out) {
    out.nodes.push_back(node);
    return static_cast<int32_t>(out.nodes.size()) - 1;
  }

  /// An operand of something that is itself read with a shift and a sign.
  static Operand through(const Operand& reading, const Operand& operand) {
    return {operand.node, operand.shift + reading.shift, operand.negative != reading.negative};
  }

  void find_readers() {
    for (size_t i = 0; i < sums_.size(); ++i) {
      const Node& node = circuit_.nodes[i];
      sums_[i].of_two = node.kind == NodeKind::kAdd && node.operand_count == 2;
      for (const Operand& operand : node.reads()) {
        ++sum(operand).reads;
        if (!sums_[i].of_two) sum(operand).needed = true;
      }
    }
    for (const Port& port : circuit_.outputs) {
      for (const Feature& feature : port.features) {
        if (feature.node >= 0) sum({feature.node, 0, false}).needed = true;
      }
    }
  }

  void collect_terms(const Operand& reading, std::vector<Summand>& terms) const {
    for (const Operand& operand : circuit_.node(reading.node).reads()) {
      const Operand term = through(reading, operand);
      if (is_part(operand)) {
        collect_terms(term, terms);
      } else {
        terms.push_back({term, levels_[static_cast<size_t>(operand.node)]});
      }
    }
  }

  /// The sums of two as they are, for terms in the order in which they have been collected. Returns the part that the
  /// sum is.
  int collect_sums(const Operand& reading, int terms, int& term, SumTree& tree) const {
    const Node& node = circuit_.node(reading.node);
    SumTree::Sum sum{.parts = 2};
    for (size_t i = 0; i < 2; ++i) {
      const Operand& operand = node.operands[i];
      sum.part[i] = is_part(operand) ? collect_sums(through(reading, operand), terms, term, tree) : term++;
    }
    const int64_t unit = (reading.negative ? -1 : 1) * (int64_t{1} << reading.shift);
    const int64_t first = node.range.low * unit;
    const int64_t last = node.range.high * unit;
    sum.known = Interval{std::min(first, last), std::max(first, last)};
    tree.sums.push_back(sum);
    return terms + static_cast<int>(tree.sums.size()) - 1;
  }

  std::optional<SumTree> build(size_t i, std::span<const Summand> terms) const {
    const Node& node = circuit_.nodes[i];
    return cheapest_sum(circuit_, terms, node.range, node.bits, levels_[i]);
  }

  void begin(size_t i) {
    const Operand whole{static_cast<int32_t>(i), 0, false};
    std::vector<Summand> terms;
    collect_terms(whole, terms);
    SumTree tree;
    int term = 0;
    collect_sums(whole, static_cast<int>(terms.size()), term, tree);
    if (!measure(circuit_, terms, circuit_.nodes[i].bits, tree)) return keep(i);
    std::optional<SumTree> best = build(i, terms);
    sums_[i].tree = best && best->cells < tree.cells ? *std::move(best) : std::move(tree);
    for (const Summand& t : terms) add_reader(sum(t.operand), i);
    sums_[i].terms = std::move(terms);
  }

  /// Leaves a sum and its parts as they are.
  void keep(size_t i) {
    for (const Operand& operand : circuit_.nodes[i].reads()) {
      if (is_part(operand)) keep(static_cast<size_t>(operand.node));
      sum(operand).needed = true;
    }
  }

  static void add_reader(Sum& sum, size_t reader) {
    if (std::ranges::find(sum.readers, reader) == sum.readers.end()) sum.readers.push_back(reader);
  }

  /// Expands sums that several read into all of them, where their cells are more than those become. A sum of an odd
  /// number of sums of two has room for another term in its one sum of two.
  void expand_all() {
    bool any = true;
    for (int round = 0; any && round < kMostRounds; ++round) {
      any = false;
      for (size_t i = sums_.size(); i-- > 0;) {
        if (can_expand(sums_[i])) any = try_to_expand(i) || any;
      }
    }
  }

  bool can_expand(Sum& sum) const {
    if (sum.expanded || sum.needed || sum.terms.empty() || sum.terms.size() > kMostExpandedTerms) return false;
    int changes = sum.changes;
    for (const size_t reader : sum.readers) changes += sums_[reader].changes;
    return std::exchange(sum.tried_at, changes) != changes;
  }

  bool try_to_expand(size_t i) {
    Sum& inner = sums_[i];
    int gain = inner.tree.cells;
    int reads = 0;
    std::vector<std::pair<std::vector<Summand>, SumTree>> changed;
    for (const size_t reader : inner.readers) {
      std::vector<Summand> terms;
      for (const Summand& term : sums_[reader].terms) {
        if (static_cast<size_t>(term.operand.node) != i) {
          terms.push_back(term);
          continue;
        }
        ++reads;
        for (const Summand& t : inner.terms) terms.push_back({through(term.operand, t.operand), t.ready});
      }
      if (terms.size() > kMostTerms) return false;
      std::optional<SumTree> tree = build(reader, terms);
      if (!tree) return false;
      gain -= tree->cells - sums_[reader].tree.cells;
      if (gain <= 0) return false;
      changed.emplace_back(std::move(terms), *std::move(tree));
    }
    if (reads == 0) return false;
    for (size_t r = 0; r < changed.size(); ++r) {
      const size_t reader = inner.readers[r];
      Sum& outer = sums_[reader];
      outer.terms = std::move(changed[r].first);
      outer.tree = std::move(changed[r].second);
      ++outer.changes;
      for (const Summand& t : inner.terms) add_reader(sum(t.operand), reader);
    }
    for (const Summand& t : inner.terms) std::erase(sum(t.operand).readers, i);
    inner.expanded = true;
    return true;
  }

  int32_t add_sums(size_t i, std::span<const int32_t> places, Circuit& out) const {
    const Sum& whole = sums_[i];
    std::vector<int32_t> made;
    for (const JoinedSum& joined : joined_sums(circuit_, whole.terms, whole.tree)) {
      Node node = circuit_.nodes[i];
      node.operand_count = static_cast<uint8_t>(joined.count);
      node.operands = joined.operands;
      for (Operand& operand : node.reads()) {
        operand.node = operand.node >= 0 ? places[static_cast<size_t>(operand.node)]
                                         : made[static_cast<size_t>(-1 - operand.node)];
      }
      if (made.size() + 1 < whole.tree.sums.size()) {
        node.range = joined.range;
        node.bits = top_bit(node.range);
      }
      made.push_back(add(node, out));
    }
    return made.back();
  }

  const Circuit& circuit_;
  std::vector<double> levels_;
  std::vector<Sum> sums_;
};

}  // namespace

Circuit with_three_operands(const Circuit& circuit) {
  const Circuit source = trimmed(circuit);
  return Regrouping(source).apply();
}

}  // namespace hgq::rtl
