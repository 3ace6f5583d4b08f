#include "hgq/rtl/summation.h"

#include <algorithm>
#include <limits>

#include "hgq/core/rng.h"

namespace hgq::rtl {
namespace {

constexpr int kNone = std::numeric_limits<int>::max() / 2;

uint64_t power_of_two(int exponent) { return uint64_t{1} << static_cast<unsigned>(exponent); }

Operand negated(Operand operand) {
  operand.negative = !operand.negative;
  return operand;
}

}  // namespace

Term Summation::sum(std::vector<Term> terms, int limit, bool positive) {
  limit_ = limit;
  if (terms.empty()) return {};
  if (positive) turn_one_around(terms);
  terms_ = std::move(terms);
  weight_ = 0;
  for (const Term& term : terms_) weight_ += weight(depth(term));
  partners_.assign(terms_.size(), {});
  for (size_t x = 0; x < terms_.size(); ++x) find_partner(x);
  while (terms_.size() > 1) {
    const auto [x, y] = cheapest_pair();
    const Term made = join(x, y, positive);
    weight_ += weight(depth(made)) - weight(depth(terms_[x])) - weight(depth(terms_[y]));
    // The last term takes the place of y, the new one that of x; only partners at these places are looked for again.
    const size_t last = terms_.size() - 1;
    terms_[x] = made;
    terms_[y] = terms_[last];
    terms_.pop_back();
    partners_.pop_back();
    for (size_t z = 0; z < terms_.size(); ++z) {
      const auto place = static_cast<size_t>(partners_[z].place);
      if (z == x || z == y || place == x || place == y || place == last)
        find_partner(z);
      else if (z > x)
        offer_partner(z, x), offer_partner(z, y);
    }
  }
  return terms_.front();
}

/// If all terms are negative, builds one of them the other way around: the one that needs the fewest cells for it.
void Summation::turn_one_around(std::vector<Term>& terms) {
  if (!std::ranges::all_of(terms, &Term::negative)) return;
  std::optional<int> best;
  Term* chosen = nullptr;
  for (Term& term : terms) {
    const std::optional<int> cells = cells_of_minus(term.node);
    if (!cells || (best && *cells >= *best)) continue;
    best = cells;
    chosen = &term;
  }
  if (chosen != nullptr) *chosen = {build_minus(chosen->node), chosen->shift, false};
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

double Summation::rank(const Term& a, const Term& b) const {
  const int low = std::min(a.shift, b.shift);
  double cells = builder_.fewest_cells(a.node, a.shift - low, b.node, b.shift - low, a.negative != b.negative);
  if (options_.noise > 0) {
    const uint64_t terms = static_cast<uint64_t>(a.node) << 40U ^ static_cast<uint64_t>(b.node) << 16U ^
                           static_cast<uint64_t>(a.shift) << 8U ^ static_cast<uint64_t>(b.shift);
    cells *= 1 + options_.noise * (uniform_double(mix_bits(terms ^ options_.seed)) - 0.5);
  }
  // Among equals those that are there early, and small.
  return cells + 0.01 * (std::max(depth(a), depth(b)) + 1) +
         0.001 * (builder_.top(a.node) + builder_.top(b.node) + a.shift + b.shift);
}

uint64_t Summation::weight(int depth) const { return limit_ < kUnlimitedDepth ? power_of_two(depth) : 0; }

/// Whether the sum is not too deep after these two are joined.
bool Summation::fits(const Term& a, const Term& b) const {
  if (limit_ >= kUnlimitedDepth) return true;
  const int joined = std::max(depth(a), depth(b)) + 1;
  return weight_ - weight(depth(a)) - weight(depth(b)) + weight(joined) <= power_of_two(limit_);
}

void Summation::offer_partner(size_t x, size_t place) {
  if (place >= x || !fits(terms_[x], terms_[place])) return;
  const double rank_here = rank(terms_[place], terms_[x]);
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
    for (size_t x = 1; x < terms_.size(); ++x) {
      if (partners_[x].place == kNobody) continue;
      if (best == 0 || partners_[x].rank < partners_[best].rank) best = x;
    }
    if (best == 0) return {0, 1};
    const auto place = static_cast<size_t>(partners_[best].place);
    if (fits(terms_[place], terms_[best])) return {place, best};
    find_partner(best);
  }
}

Term Summation::join(size_t x, size_t y, bool positive) {
  const Term& a = terms_[x];
  const Term& b = terms_[y];
  const int low = std::min(a.shift, b.shift);
  const int a_shift = a.shift - low;
  const int b_shift = b.shift - low;
  if (a.negative == b.negative)
    return {builder_.add({a.node, a_shift, false}, {b.node, b_shift, false}), low, a.negative};
  // As b - a instead of a - b where that is better, or where the sum needs a term that is not negative.
  bool turned = builder_.is_better_turned(a.node, a_shift, b.node, b_shift);
  if (positive) {
    bool other_is_positive = false;
    for (size_t i = 0; i < terms_.size(); ++i) other_is_positive |= i != x && i != y && !terms_[i].negative;
    if (!other_is_positive) turned = a.negative;
  }
  return {builder_.add({a.node, a_shift, turned}, {b.node, b_shift, !turned}), low, a.negative != turned};
}

}  // namespace hgq::rtl
