#include "hgq/rtl/summation.h"

#include <algorithm>
#include <limits>

#include "hgq/core/rng.h"

namespace hgq::rtl {
namespace {

constexpr int kNone = std::numeric_limits<int>::max() / 2;

uint64_t bit_at(int exponent) { return uint64_t{1} << static_cast<unsigned>(exponent); }

Operand negated(Operand operand) {
  operand.negative = !operand.negative;
  return operand;
}

}  // namespace

Summation::Part Summation::part(const Term& term) const {
  const AdderNode& node = builder_.node(term.node);
  const int64_t unit = int64_t{1} << term.shift;
  return {.term = term,
          .range = {node.range.low * unit, node.range.high * unit},
          .low_bit = node.low_bit + term.shift,
          .top = builder_.top(term.node) + term.shift,
          .depth = node.depth};
}

Term Summation::sum(std::span<const Term> terms, int limit, bool positive) {
  limit_ = limit;
  if (terms.empty()) return {};
  parts_.clear();
  for (const Term& term : terms) parts_.push_back(part(term));
  if (positive) turn_one_around();
  weight_ = 0;
  for (const Part& part : parts_) weight_ += weight(part.depth);
  partners_.assign(parts_.size(), {});
  for (size_t x = 0; parts_.size() > 2 && x < parts_.size(); ++x) find_partner(x);
  while (parts_.size() > 1) {
    const auto [x, y] = parts_.size() > 2 ? cheapest_pair() : std::pair<size_t, size_t>(0, 1);
    const Part made = part(join(x, y, positive));
    weight_ += weight(made.depth) - weight(parts_[x].depth) - weight(parts_[y].depth);
    // The new term takes the place of x; partners are looked for again only where they were one of both.
    parts_[x] = made;
    parts_.erase(parts_.begin() + static_cast<ptrdiff_t>(y));
    partners_.erase(partners_.begin() + static_cast<ptrdiff_t>(y));
    const auto gone = static_cast<int>(y);
    for (size_t z = 0; parts_.size() > 2 && z < parts_.size(); ++z) {
      int& place = partners_[z].place;
      if (z == x || place == static_cast<int>(x) || place == gone) {
        find_partner(z);
        continue;
      }
      if (place > gone) --place;
      if (z > x) offer_partner(z, x);
    }
  }
  return parts_.front().term;
}

/// If all terms are negative, builds one of them the other way around: the one that needs the fewest cells for it.
void Summation::turn_one_around() {
  if (!std::ranges::all_of(parts_, [](const Part& part) { return part.term.negative; })) return;
  std::optional<int> best;
  Part* chosen = nullptr;
  for (Part& part : parts_) {
    const std::optional<int> cells = cells_of_minus(part.term.node);
    if (!cells || (best && *cells >= *best)) continue;
    best = cells;
    chosen = &part;
  }
  if (chosen != nullptr) *chosen = part({build_minus(chosen->term.node), chosen->term.shift, false});
}

/// The cells of minus a node as a graph of the same depth: of a difference, that with its operands exchanged; of a sum,
/// minus one of its operands less the other. Nothing if there is no difference below, or if the depth does not matter:
/// zero minus the whole is cheaper than two adders.
std::optional<int> Summation::cells_of_minus(int32_t index) {
  const AdderNode& node = builder_.node(index);
  if (node.kind != AdderNode::Kind::kAdder) return std::nullopt;
  if (node.left.negative != node.right.negative) return builder_.cells(negated(node.left), negated(node.right));
  if (limit_ >= kUnlimitedDepth) return std::nullopt;
  const auto known = minus_.find(index);
  if (known != minus_.end()) return known->second;
  const std::optional<int> left = cells_of_minus(node.left.node);
  const std::optional<int> right = cells_of_minus(node.right.node);
  std::optional<int> cells;
  if (left || right) cells = node.cost + std::min(left.value_or(kNone), right.value_or(kNone));
  minus_[index] = cells;
  return cells;
}

int Summation::build_minus(int32_t index) {
  const AdderNode node = builder_.node(index);
  if (node.left.negative != node.right.negative) return builder_.add(negated(node.left), negated(node.right));
  const std::optional<int> left = cells_of_minus(node.left.node);
  const std::optional<int> right = cells_of_minus(node.right.node);
  const bool minus_left = left && (!right || *left <= *right);
  const Operand& turned = minus_left ? node.left : node.right;
  const Operand& other = minus_left ? node.right : node.left;
  return builder_.add({build_minus(turned.node), turned.shift, false}, negated(other));
}

/// As GraphBuilder::fewest_cells().
int Summation::cells(const Part& a, const Part& b) const {
  if (builder_.has_sum(a.term, b.term)) return 0;
  if (a.term.negative == b.term.negative) {
    const bool are_apart = (a.range.low >= 0 && a.top <= b.low_bit) || (b.range.low >= 0 && b.top <= a.low_bit);
    if (are_apart) return 0;
    const int top = top_bit({a.range.low + b.range.low, a.range.high + b.range.high});
    return std::max(top - std::max(a.low_bit, b.low_bit), 1);
  }
  const Interval difference{a.range.low - b.range.high, a.range.high - b.range.low};
  const int one_way = top_bit(difference) - b.low_bit;
  const int other_way = top_bit({-difference.high, -difference.low}) - a.low_bit;
  return std::max(std::min(one_way, other_way), 1);
}

double Summation::rank(const Part& x, const Part& y) const {
  const Term& a = x.term;
  const Term& b = y.term;
  double rank = cells(x, y);
  if (options_.noise > 0) {
    const uint64_t terms = static_cast<uint64_t>(a.node) << 40U ^ static_cast<uint64_t>(b.node) << 16U ^
                           static_cast<uint64_t>(a.shift) << 8U ^ static_cast<uint64_t>(b.shift);
    rank *= 1 + options_.noise * (uniform_double(mix_bits(terms ^ options_.seed)) - 0.5);
  }
  // Among equals those that are there early, and small.
  return rank + 0.01 * (std::max(x.depth, y.depth) + 1) + 0.001 * (x.top + y.top);
}

uint64_t Summation::weight(int depth) const { return limit_ < kUnlimitedDepth ? bit_at(depth) : 0; }

/// Whether the sum is not too deep after these two are joined.
bool Summation::fits(const Part& a, const Part& b) const {
  if (limit_ >= kUnlimitedDepth) return true;
  const int joined = std::max(a.depth, b.depth) + 1;
  return weight_ - weight(a.depth) - weight(b.depth) + weight(joined) <= bit_at(limit_);
}

void Summation::offer_partner(size_t x, size_t place) {
  if (place >= x || !fits(parts_[x], parts_[place])) return;
  const double rank_here = rank(parts_[place], parts_[x]);
  if (partners_[x].place == kNobody || rank_here < partners_[x].rank)
    partners_[x] = {rank_here, static_cast<int>(place)};
}

void Summation::find_partner(size_t x) {
  partners_[x] = {};
  for (size_t place = 0; place < x; ++place) offer_partner(x, place);
}

/// The weight grows from join to join, so a pair that does not fit any more is replaced when it comes up.
std::pair<size_t, size_t> Summation::cheapest_pair() {
  while (true) {
    size_t best = 0;
    for (size_t x = 1; x < parts_.size(); ++x) {
      if (partners_[x].place == kNobody) continue;
      if (best == 0 || partners_[x].rank < partners_[best].rank) best = x;
    }
    if (best == 0) return {0, 1};
    const auto place = static_cast<size_t>(partners_[best].place);
    if (fits(parts_[place], parts_[best])) return {place, best};
    find_partner(best);
  }
}

Term Summation::join(size_t x, size_t y, bool positive) {
  const Term& a = parts_[x].term;
  const Term& b = parts_[y].term;
  const int low = std::min(a.shift, b.shift);
  const int a_shift = a.shift - low;
  const int b_shift = b.shift - low;
  if (a.negative == b.negative)
    return {builder_.add({a.node, a_shift, false}, {b.node, b_shift, false}), low, a.negative};
  // As b - a instead of a - b where that is better, or where the sum needs a term that is not negative.
  bool turned = builder_.is_better_turned(a.node, a_shift, b.node, b_shift);
  if (positive) {
    bool other_is_positive = false;
    for (size_t i = 0; i < parts_.size(); ++i) other_is_positive |= i != x && i != y && !parts_[i].term.negative;
    if (!other_is_positive) turned = a.negative;
  }
  return {builder_.add({a.node, a_shift, turned}, {b.node, b_shift, !turned}), low, a.negative != turned};
}

}  // namespace hgq::rtl
