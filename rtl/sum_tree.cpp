#include "hgq/rtl/sum_tree.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "hgq/core/fixed_point.h"

namespace hgq::rtl {
namespace {

/// A term or a sum, at the scale of the whole. Its value is minus the wire's if it is negative.
struct Part {
  int index = 0;
  int low = 0;
  bool negative = false;
  Interval wire{};  // values of the wire
  int top = 0;      // bits of it, from bit 0 of the whole
  double ready = 0;
};

/// What joining parts gives, and how many cells it needs.
struct Joined {
  Part part;
  int cells = 0;
};

Joined join(const Part* const* parts, int count, int bits, const std::optional<Interval>& known = {}) {
  Joined joined;
  Part& sum = joined.part;
  int negatives = 0;
  for (int i = 0; i < count; ++i) negatives += parts[i]->negative ? 1 : 0;
  sum.negative = negatives == count;
  const Part* lowest = parts[0];
  sum.low = parts[0]->low;
  for (int i = 0; i < count; ++i) {
    const Part& part = *parts[i];
    const bool minus = part.negative != sum.negative;
    sum.wire.low += minus ? -part.wire.high : part.wire.low;
    sum.wire.high += minus ? -part.wire.low : part.wire.high;
    sum.ready = std::max(sum.ready, part.ready);
    const auto rank = [&](const Part& p) { return std::pair(p.low, p.negative != sum.negative); };
    if (rank(part) < rank(*lowest)) lowest = &part;
    sum.low = std::min(sum.low, part.low);
  }
  if (known) {
    const Interval wire = sum.negative ? Interval{-known->high, -known->low} : *known;
    sum.wire = {std::max(sum.wire.low, wire.low), std::min(sum.wire.high, wire.high)};
  }
  sum.top = top_bit(sum.wire);
  // As chain_begin() has it.
  int begin = sum.top;
  bool apart = false;
  if (count == 2) {
    const Part& a = *parts[0];
    const Part& b = *parts[1];
    if (a.negative != b.negative) {
      begin = (a.negative ? a : b).low;
    } else {
      apart = (a.wire.low >= 0 && a.top <= b.low) || (b.wire.low >= 0 && b.top <= a.low);
      begin = std::max(a.low, b.low);
    }
  } else if (lowest->negative != sum.negative) {
    begin = lowest->low;
  } else {
    for (int i = 0; i < count; ++i) {
      if (parts[i] != lowest) begin = std::min(begin, parts[i]->low);
    }
  }
  const int chain = apart ? 0 : std::max(std::min(sum.top, bits) - begin, 0);
  const DelayModel model = DelayModel::adder_levels();
  if (chain > 0) {
    joined.cells = chain + (count == 3 ? 1 : 0);
    sum.ready += model.adder + model.carry * chain + (count == 3 ? model.third : 0);
  }
  return joined;
}

Interval scaled(const Interval& range, int shift) {
  return {range.low * (int64_t{1} << shift), range.high * (int64_t{1} << shift)};
}

/// The terms as parts; empty if a value could become too large, or a wire has too few bits.
std::vector<Part> parts_of(const Circuit& circuit, std::span<const Summand> terms, int bits) {
  std::vector<Part> parts;
  Int128 largest = 0;
  for (size_t i = 0; i < terms.size(); ++i) {
    const Operand& operand = terms[i].operand;
    const Node& node = circuit.node(operand.node);
    if (bits_read(node, operand.shift, bits) > node.bits) return {};
    largest += std::max(-Int128{node.range.low}, Int128{node.range.high}) * (Int128{1} << operand.shift);
    if (largest >= Int128{1} << 61) return {};
    Part part{.index = static_cast<int>(i),
              .low = operand.shift,
              .negative = operand.negative,
              .wire = scaled(node.range, operand.shift),
              .ready = terms[i].ready};
    part.top = top_bit(node.range) + operand.shift;
    parts.push_back(part);
  }
  return parts;
}

enum class Order : uint8_t { kNarrowFirst, kEarlyFirst };

/// `pair_first`: the sum of two, if there has to be one, comes first instead of last.
SumTree greedy_sum(std::vector<Part> parts, const Interval& range, int bits, Order order, bool pair_first) {
  constexpr size_t kWindow = 7;
  SumTree tree;
  const int terms = static_cast<int>(parts.size());
  const auto rank = [&](const Part& p) {
    return order == Order::kNarrowFirst ? std::tuple(0.0, p.top, p.low) : std::tuple(p.ready, p.top, p.low);
  };
  std::ranges::stable_sort(parts, {}, rank);
  while (parts.size() > 1) {
    const bool is_pair = parts.size() == 2 || (pair_first && parts.size() % 2 == 0);
    const size_t window = std::min(parts.size(), kWindow);
    std::array<size_t, 3> best{};
    Joined cheapest;
    std::tuple<double, int, int> least{std::numeric_limits<double>::max(), 0, 0};
    const auto try_parts = [&](size_t a, size_t b, size_t c, int count) {
      const std::array<const Part*, 3> chosen{&parts[a], &parts[b], &parts[c]};
      const Joined joined = join(chosen.data(), count, bits);
      const std::tuple<double, int, int> cost{order == Order::kEarlyFirst ? joined.part.ready : 0, joined.cells,
                                              joined.part.top};
      if (cost >= least) return;
      least = cost;
      best = {a, b, c};
      cheapest = joined;
    };
    for (size_t a = 0; a < window; ++a) {
      for (size_t b = a + 1; b < window; ++b) {
        if (is_pair) try_parts(a, b, a, 2);
        for (size_t c = b + 1; !is_pair && c < window; ++c) try_parts(a, b, c, 3);
      }
    }
    SumTree::Sum sum{.parts = is_pair ? 2 : 3};
    for (size_t i = 0; i < static_cast<size_t>(sum.parts); ++i) sum.part[i] = parts[best[i]].index;
    if (parts.size() == static_cast<size_t>(sum.parts)) sum.known = range;
    cheapest.part.index = terms + static_cast<int>(tree.sums.size());
    tree.sums.push_back(sum);
    for (size_t i = static_cast<size_t>(sum.parts); i-- > 0;)
      parts.erase(parts.begin() + static_cast<ptrdiff_t>(best[i]));
    parts.insert(std::ranges::upper_bound(parts, rank(cheapest.part), {}, rank), cheapest.part);
  }
  return tree;
}

void measure_parts(std::vector<Part> parts, int bits, SumTree& tree) {
  tree.cells = 0;
  for (const SumTree::Sum& sum : tree.sums) {
    std::array<const Part*, 3> chosen{};
    for (size_t i = 0; i < static_cast<size_t>(sum.parts); ++i) chosen[i] = &parts[static_cast<size_t>(sum.part[i])];
    const Joined joined = join(chosen.data(), sum.parts, bits, sum.known);
    parts.push_back(joined.part);
    tree.cells += joined.cells;
    tree.ready = joined.part.ready;
  }
}

}  // namespace

bool measure(const Circuit& circuit, std::span<const Summand> terms, int bits, SumTree& tree) {
  const std::vector<Part> parts = parts_of(circuit, terms, bits);
  if (parts.empty()) return false;
  measure_parts(parts, bits, tree);
  return true;
}

std::optional<SumTree> cheapest_sum(const Circuit& circuit, std::span<const Summand> terms, const Interval& range,
                                    int bits, double latest) {
  const std::vector<Part> parts = parts_of(circuit, terms, bits);
  std::optional<SumTree> best;
  if (parts.empty()) return best;
  const auto consider = [&](Order order, bool pair_first) {
    SumTree tree = greedy_sum(parts, range, bits, order, pair_first);
    measure_parts(parts, bits, tree);
    if (tree.ready <= latest + 1e-9 && (!best || tree.cells < best->cells)) best = std::move(tree);
  };
  consider(Order::kNarrowFirst, true);
  if (parts.size() % 2 == 0) consider(Order::kNarrowFirst, false);
  if (best) return best;
  consider(Order::kEarlyFirst, true);
  if (parts.size() % 2 == 0) consider(Order::kEarlyFirst, false);
  return best;
}

std::vector<JoinedSum> joined_sums(const Circuit& circuit, std::span<const Summand> terms, const SumTree& tree) {
  constexpr int kAll = 1 << 20;
  std::vector<Part> parts = parts_of(circuit, terms, 0);
  std::vector<JoinedSum> sums;
  for (const SumTree::Sum& sum : tree.sums) {
    std::array<const Part*, 3> chosen{};
    for (size_t i = 0; i < static_cast<size_t>(sum.parts); ++i) chosen[i] = &parts[static_cast<size_t>(sum.part[i])];
    Part part = join(chosen.data(), sum.parts, kAll, sum.known).part;
    JoinedSum joined{.count = sum.parts, .shift = part.low, .negative = part.negative};
    const int64_t unit = int64_t{1} << part.low;
    joined.range = {part.wire.low / unit, part.wire.high / unit};
    for (size_t i = 0; i < static_cast<size_t>(sum.parts); ++i) {
      const int32_t node = chosen[i]->index < static_cast<int>(terms.size())
                               ? terms[static_cast<size_t>(chosen[i]->index)].operand.node
                               : static_cast<int32_t>(terms.size()) - 1 - chosen[i]->index;
      joined.operands[i] = {node, chosen[i]->low - part.low, chosen[i]->negative != part.negative};
    }
    part.index = static_cast<int>(parts.size());
    parts.push_back(part);
    sums.push_back(joined);
  }
  return sums;
}

}  // namespace hgq::rtl
