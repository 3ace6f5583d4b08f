#include "hgq/rtl/elimination.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>

#include "hgq/core/rng.h"

namespace hgq::rtl {
namespace {

// A packed term: node, shift, sign. A key of a pair: both nodes, the difference of the shifts, the product of the
// signs.
constexpr unsigned kShiftBits = 15;
constexpr unsigned kNodeBits = 24;
constexpr uint64_t kShifts = (uint64_t{1} << kShiftBits) - 1;
constexpr uint64_t kNodes = (uint64_t{1} << kNodeBits) - 1;
constexpr int kShiftOffset = 1 << (kShiftBits - 1);

int32_t node_of(uint64_t packed) { return static_cast<int32_t>(packed >> (kShiftBits + 1)); }
int shift_of(uint64_t packed) { return static_cast<int>(packed >> 1U & kShifts); }
bool is_negative(uint64_t packed) { return (packed & 1U) != 0; }

}  // namespace

Elimination::Packed Elimination::pack(const Term& term) {
  return static_cast<uint64_t>(term.node) << (kShiftBits + 1) | static_cast<uint64_t>(term.shift) << 1U |
         static_cast<uint64_t>(term.negative);
}

Term Elimination::unpack(Packed term) { return {node_of(term), shift_of(term), is_negative(term)}; }

uint64_t Elimination::key_of(Packed a, Packed b) {
  const uint64_t first = std::min(a, b);
  const uint64_t second = std::max(a, b);
  const uint64_t shift = (second >> 1U & kShifts) + static_cast<uint64_t>(kShiftOffset) - (first >> 1U & kShifts);
  return first >> (kShiftBits + 1) << (kNodeBits + kShiftBits + 1) | second >> (kShiftBits + 1) << (kShiftBits + 1) |
         shift << 1U | ((a ^ b) & 1U);
}

Elimination::Pair Elimination::pair_of(uint64_t key) {
  return {static_cast<int32_t>(key >> (kNodeBits + kShiftBits + 1)),
          static_cast<int32_t>(key >> (kShiftBits + 1) & kNodes), static_cast<int>(key >> 1U & kShifts) - kShiftOffset,
          (key & 1U) != 0};
}

double Elimination::score(uint64_t key, int32_t count) const {
  const Pair pair = pair_of(key);
  const int first_shift = pair.shift < 0 ? -pair.shift : 0;
  const int second_shift = pair.shift > 0 ? pair.shift : 0;
  const int overlap =
      std::min(builder_.top(pair.first) + first_shift, builder_.top(pair.second) + second_shift) -
      std::max(builder_.node(pair.first).low_bit + first_shift, builder_.node(pair.second).low_bit + second_shift);
  double score = count * (std::max(overlap, 0) + 1e-3);
  if (ranking_.cost > 0)
    score -=
        ranking_.cost * builder_.fewest_cells(pair.first, first_shift, pair.second, second_shift, pair.different_signs);
  if (ranking_.noise > 0) score *= 1 + ranking_.noise * (uniform_double(mix_bits(key ^ mix_bits(ranking_.seed))) - 0.5);
  return score;
}

void Elimination::push(double score, uint64_t key) {
  const uint64_t first = key >> (kNodeBits + kShiftBits + 1);
  const uint64_t second = key >> (kShiftBits + 1) & kNodes;
  const uint64_t rest = key & ((kShifts << 1U) | 1U);
  if (ranking_.newest_first) {
    heap_.push({score, key, second << (kNodeBits + kShiftBits + 1) | first << (kShiftBits + 1) | rest});
    return;
  }
  const int apart =
      std::abs(builder_.node(static_cast<int32_t>(first)).depth - builder_.node(static_cast<int32_t>(second)).depth);
  heap_.push(
      {score, key, static_cast<uint64_t>(kUnlimitedDepth - std::min(apart, kUnlimitedDepth)) << 58U | ~key >> 6U});
}

uint64_t Elimination::depth_weight(int32_t node) const {
  return uint64_t{1} << static_cast<unsigned>(std::min(builder_.node(node).depth, kUnlimitedDepth));
}

/// Counts how often each node occurs. False if none does twice.
bool Elimination::count_nodes(const std::vector<Sum>& sums) {
  for (const int32_t node : counted_) occurs_[static_cast<size_t>(node)] = 0;
  for (const int32_t node : placed_) places_[static_cast<size_t>(node)].clear();
  counted_.clear();
  placed_.clear();
  make_room();
  bool is_any_repeated = false;
  for (const Sum& sum : sums) {
    for (const Term& term : sum.terms) {
      if (++occurs_[static_cast<size_t>(term.node)] == 1)
        counted_.push_back(term.node);
      else
        is_any_repeated = true;
    }
  }
  return is_any_repeated;
}

void Elimination::load(const std::vector<Sum>& sums) {
  sums_.resize(sums.size());
  for (size_t j = 0; j < sums.size(); ++j) {
    const Sum& sum = sums[j];
    sums_[j].terms.clear();
    sums_[j].limit = sum.limit >= kUnlimitedDepth ? 0 : uint64_t{1} << static_cast<unsigned>(sum.limit);
    sums_[j].weight = sum.reserved;
    for (const Term& term : sum.terms) {
      if (is_repeated(term.node))
        add_term(j, pack(term));
      else
        add_lone_term(j, pack(term));
    }
  }
  keep_frequent();
}

void Elimination::make_room() {
  places_.resize(std::max(places_.size(), builder_.size()));
  occurs_.resize(places_.size());
}

Elimination::Place& Elimination::place_of(int32_t node, size_t sum) {
  std::vector<Place>& places = places_[static_cast<size_t>(node)];
  if (places.empty()) placed_.push_back(node);
  if (places.empty() || places.back().sum < sum) return places.emplace_back(Place{static_cast<uint32_t>(sum)});
  const auto found = std::ranges::lower_bound(places, sum, {}, &Place::sum);
  return found->sum == sum ? *found : *places.insert(found, Place{static_cast<uint32_t>(sum)});
}

/// A term of a node that stands in one place alone: it needs no place as long as that is so.
void Elimination::add_lone_term(size_t sum, Packed term) {
  sums_[sum].terms.push_back(term);
  if (sums_[sum].limit != 0) sums_[sum].weight += depth_weight(node_of(term));
}

/// The node, which stood in one place alone, comes to others.
void Elimination::place_lone_term(int32_t node) {
  for (size_t j = 0; j < sums_.size(); ++j) {
    for (const Packed term : sums_[j].terms) {
      if (node_of(term) == node) mark(j, term);
    }
  }
}

/// Equal terms are joined, and terms that differ in their sign alone vanish.
void Elimination::add_term(size_t sum, Packed term) {
  const int32_t node = node_of(term);
  while (true) {
    const Place& place = place_of(node, sum);
    const uint64_t bit = uint64_t{1} << static_cast<unsigned>(shift_of(term));
    const bool is_there = ((is_negative(term) ? place.negative : place.positive) & bit) != 0;
    const bool is_there_negated = ((is_negative(term) ? place.positive : place.negative) & bit) != 0;
    if (is_there_negated) return remove_term(sum, term ^ 1U);
    if (!is_there) break;
    remove_term(sum, term);
    term = pack({node, shift_of(term) + 1, is_negative(term)});
  }
  State& state = sums_[sum];
  if (is_repeated(node)) {
    fresh_.make_room(state.terms.size());
    for (const Packed other : state.terms) {
      if (is_repeated(node_of(other))) fresh_.count(key_of(term, other));
    }
  }
  state.terms.push_back(term);
  if (state.limit != 0) state.weight += depth_weight(node);
  mark(sum, term);
}

void Elimination::mark(size_t sum, Packed term) {
  Place& place = place_of(node_of(term), sum);
  (is_negative(term) ? place.negative : place.positive) |= uint64_t{1} << static_cast<unsigned>(shift_of(term));
}

void Elimination::keep_frequent() {
  fresh_.each([&](uint64_t key, int32_t count) {
    if (count >= 2) push(score(key, count), key);
  });
  fresh_.clear();
}

void Elimination::remove_term(size_t sum, Packed term) {
  State& state = sums_[sum];
  *std::ranges::find(state.terms, term) = state.terms.back();
  state.terms.pop_back();
  if (state.limit != 0) state.weight -= depth_weight(node_of(term));
  Place& place = place_of(node_of(term), sum);
  (is_negative(term) ? place.negative : place.positive) &= ~(uint64_t{1} << static_cast<unsigned>(shift_of(term)));
}

template <typename Visit>
void Elimination::each_place(const Pair& pair, const Visit& visit) const {
  const std::vector<Place>& of_first = places_[static_cast<size_t>(pair.first)];
  const std::vector<Place>& of_second = places_[static_cast<size_t>(pair.second)];
  const auto left = static_cast<unsigned>(pair.shift < 0 ? -pair.shift : 0);
  const auto right = static_cast<unsigned>(pair.shift > 0 ? pair.shift : 0);
  auto second = of_second.begin();
  for (const Place& first : of_first) {
    while (second != of_second.end() && second->sum < first.sum) ++second;
    if (second == of_second.end()) return;
    if (second->sum != first.sum) continue;
    const uint64_t positive = (pair.different_signs ? second->negative : second->positive) << left >> right;
    const uint64_t negative = (pair.different_signs ? second->positive : second->negative) << left >> right;
    visit(first.sum, first.positive & positive, first.negative & negative);
  }
}

int32_t Elimination::count(const Pair& pair) const {
  int32_t sum = 0;
  each_place(pair, [&](uint32_t /*sum*/, uint64_t positive, uint64_t negative) {
    sum += std::popcount(positive) + std::popcount(negative);
  });
  return sum;
}

void Elimination::find(const Pair& pair) {
  occurrences_.clear();
  // The pair's node is one deeper than the deeper of its terms.
  const uint64_t first_weight = depth_weight(pair.first);
  const uint64_t second_weight = depth_weight(pair.second);
  const uint64_t heavier = 2 * std::max(first_weight, second_weight) - first_weight - second_weight;
  each_place(pair, [&](uint32_t j, uint64_t positive, uint64_t negative) {
    const State& state = sums_[j];
    uint64_t weight_now = state.weight;
    std::array<uint64_t, 2> used{};  // shifts of seconds, if both nodes are one: of each sign
    for (uint64_t all = positive | negative; all != 0; all &= all - 1) {
      const int shift = std::countr_zero(all);
      const bool first_negative = (negative >> static_cast<unsigned>(shift) & 1U) != 0;
      const bool second_negative = first_negative != pair.different_signs;
      if (pair.first == pair.second && (used[first_negative ? 1 : 0] >> static_cast<unsigned>(shift) & 1U) != 0)
        continue;
      if (state.limit != 0 && weight_now + heavier > state.limit) break;
      weight_now += heavier;
      used[second_negative ? 1 : 0] |= uint64_t{1} << static_cast<unsigned>(shift + pair.shift);
      occurrences_.push_back(
          {j, pack({pair.first, shift, first_negative}), pack({pair.second, shift + pair.shift, second_negative})});
    }
  });
}

void Elimination::replace(const Pair& pair) {
  const int first_shift = pair.shift < 0 ? -pair.shift : 0;
  const int second_shift = pair.shift > 0 ? pair.shift : 0;
  const bool turned =
      pair.different_signs && builder_.is_better_turned(pair.first, first_shift, pair.second, second_shift);
  const int made =
      builder_.add({pair.first, first_shift, turned}, {pair.second, second_shift, pair.different_signs && !turned});
  make_room();
  if (occurs_[static_cast<size_t>(made)] == 1) place_lone_term(made);
  if (occurs_[static_cast<size_t>(made)] == 0) counted_.push_back(made);
  occurs_[static_cast<size_t>(made)] += static_cast<int32_t>(occurrences_.size());
  for (const Occurrence& place : occurrences_) {
    remove_term(place.sum, place.first);
    remove_term(place.sum, place.second);
  }
  for (const Occurrence& place : occurrences_) {
    add_term(place.sum, pack({made, shift_of(place.first) - first_shift, is_negative(place.first) != turned}));
  }
  keep_frequent();
}

void Elimination::run(std::vector<Sum>& sums, const Ranking& ranking) {
  if (!count_nodes(sums)) return;
  ranking_ = ranking;
  load(sums);
  while (!heap_.empty()) {
    const Ranked best = heap_.top();
    heap_.pop();
    const Pair pair = pair_of(best.key);
    const int32_t occurs = count(pair);
    if (occurs < 2) continue;
    const double now = score(best.key, occurs);
    if (now < best.score) {
      push(now, best.key);
      continue;
    }
    find(pair);
    const auto places = static_cast<int32_t>(occurrences_.size());
    if (places < 2) continue;
    const double possible = places < occurs ? score(best.key, places) : now;
    if (possible < now && !heap_.empty() && possible < heap_.top().score) {
      push(possible, best.key);
      continue;
    }
    replace(pair);
  }
  for (size_t j = 0; j < sums.size(); ++j) {
    sums[j].terms.clear();
    for (const Packed term : sums_[j].terms) sums[j].terms.push_back(unpack(term));
  }
}

}  // namespace hgq::rtl
