#include "hgq/rtl/elimination.h"

#include <algorithm>

#include "hgq/core/rng.h"

namespace hgq::rtl {
namespace {

constexpr unsigned kNodeBits = 24;
constexpr unsigned kShiftBits = 15;
constexpr int kShiftOffset = 1 << (kShiftBits - 1);

// Entries of the counts: twice the count, and whether a node of the pair is there, so that one place is worth
// replacing.
constexpr int32_t kOne = 2;
constexpr int32_t kBuilt = 1;
bool is_worth_it(int32_t entry) { return entry >= 2 * kOne || entry == kOne + kBuilt; }

bool same_term(const Term& a, const Term& b) {
  return a.node == b.node && a.shift == b.shift && a.negative == b.negative;
}

}  // namespace

Elimination::Elimination(GraphBuilder& builder, const Ranking& ranking, const std::vector<std::vector<Term>>& sums,
                         int limit, const std::vector<uint64_t>& reserved)
    : builder_(builder),
      ranking_(ranking),
      sums_(sums.size()),
      limit_(limit >= kUnlimitedDepth ? 0 : uint64_t{1} << static_cast<unsigned>(limit)),
      weights_(reserved),
      readers_(builder.size()) {
  for (size_t j = 0; j < sums.size(); ++j) {
    for (const Term& term : sums[j]) add_term(j, term, false);
  }
}

uint64_t Elimination::key_of(const Term& a, const Term& b) {
  const bool swapped = a.node > b.node || (a.node == b.node && a.shift > b.shift);
  const Term& first = swapped ? b : a;
  const Term& second = swapped ? a : b;
  return static_cast<uint64_t>(first.node) << (kNodeBits + kShiftBits + 1) |
         static_cast<uint64_t>(second.node) << (kShiftBits + 1) |
         static_cast<uint64_t>(second.shift - first.shift + kShiftOffset) << 1U |
         static_cast<uint64_t>(a.negative != b.negative);
}

Elimination::Pair Elimination::pair_of(uint64_t key) {
  constexpr uint64_t kNodes = (uint64_t{1} << kNodeBits) - 1;
  constexpr uint64_t kShifts = (uint64_t{1} << kShiftBits) - 1;
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

void Elimination::add_term(size_t sum, const Term& term, bool rank) {
  for (const Term& other : sums_[sum]) {
    const uint64_t key = key_of(term, other);
    const int32_t entry = counts_[key] += kOne;
    if (rank && is_worth_it(entry)) heap_.push({score(key, entry / kOne), key});
  }
  sums_[sum].push_back(term);
  weights_[sum] += weight(term.node);
  std::vector<uint32_t>& readers = readers_[static_cast<size_t>(term.node)];
  if (readers.empty() || readers.back() != sum) readers.push_back(static_cast<uint32_t>(sum));
}

void Elimination::remove_term(size_t sum, const Term& term) {
  std::vector<Term>& terms = sums_[sum];
  const auto found = std::ranges::find_if(terms, [&](const Term& t) { return same_term(t, term); });
  *found = terms.back();
  terms.pop_back();
  weights_[sum] -= weight(term.node);
  for (const Term& other : terms) counts_[key_of(term, other)] -= kOne;
}

void Elimination::find(const Pair& pair) {
  occurrences_.clear();
  std::vector<uint32_t>& of_first = readers_[static_cast<size_t>(pair.first)];
  std::vector<uint32_t>& of_second = readers_[static_cast<size_t>(pair.second)];
  std::vector<uint32_t>& readers = of_first.size() < of_second.size() ? of_first : of_second;
  std::ranges::sort(readers);
  readers.erase(std::unique(readers.begin(), readers.end()), readers.end());
  // The pair's node is one deeper than the deeper of its terms.
  const uint64_t heavier =
      2 * std::max(weight(pair.first), weight(pair.second)) - weight(pair.first) - weight(pair.second);
  for (const uint32_t j : readers) {
    const std::vector<Term>& terms = sums_[j];
    uint64_t weight_now = weights_[j];
    used_.assign(terms.size(), 0);
    for (size_t x = 0; x < terms.size(); ++x) {
      if (terms[x].node != pair.first || used_[x] != 0) continue;
      for (size_t y = 0; y < terms.size(); ++y) {
        const bool fits = y != x && used_[y] == 0 && terms[y].node == pair.second &&
                          terms[y].shift - terms[x].shift == pair.shift &&
                          (terms[x].negative != terms[y].negative) == pair.different_signs;
        if (!fits) continue;
        if (limit_ != 0 && weight_now + heavier > limit_) break;
        weight_now += heavier;
        used_[x] = used_[y] = 1;
        occurrences_.push_back({j, terms[x], terms[y]});
        break;
      }
    }
  }
}

void Elimination::replace(const Pair& pair) {
  const int first_shift = pair.shift < 0 ? -pair.shift : 0;
  const int second_shift = pair.shift > 0 ? pair.shift : 0;
  const bool turned =
      pair.different_signs && builder_.is_better_turned(pair.first, first_shift, pair.second, second_shift);
  const int made =
      builder_.add({pair.first, first_shift, turned}, {pair.second, second_shift, pair.different_signs && !turned});
  readers_.resize(builder_.size());
  for (const Occurrence& place : occurrences_) {
    remove_term(place.sum, place.first);
    remove_term(place.sum, place.second);
    add_term(place.sum, {made, place.first.shift - first_shift, place.first.negative != turned}, true);
  }
}

void Elimination::run() {
  counts_.each([&](uint64_t key, int32_t entry) {
    if (is_worth_it(entry)) heap_.push({score(key, entry / kOne), key});
  });
  while (!heap_.empty()) {
    const Ranked best = heap_.top();
    heap_.pop();
    const int32_t entry = counts_[best.key];
    if (!is_worth_it(entry)) continue;
    const int32_t count = entry / kOne;
    const double now = score(best.key, count);
    if (now < best.score) {
      heap_.push({now, best.key});
      continue;
    }
    find(pair_of(best.key));
    const auto places = static_cast<int32_t>(occurrences_.size());
    if (!is_worth_it(places * kOne + entry % kOne)) continue;
    const double possible = places < count ? score(best.key, places) : now;
    if (possible < now && !heap_.empty() && possible < heap_.top().score) {
      heap_.push({possible, best.key});
      continue;
    }
    counts_[best.key] |= kBuilt;
    replace(pair_of(best.key));
  }
}

}  // namespace hgq::rtl
