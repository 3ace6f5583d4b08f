#include "hgq/rtl/rebuilding.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "hgq/core/rng.h"

namespace hgq::rtl {
namespace {

constexpr size_t kMostTaken = 10;
constexpr size_t kMostOpened = 400;  // with them
constexpr size_t kMostHeads = 40;
constexpr size_t kMostRebuiltTerms = 120;  // of a head
constexpr double kCostOfRanking = 0.3;     // in every second step
constexpr double kNoise = 0.2;             // times 0, 1, 2 or 3
constexpr int kNotKnown = -1;

}  // namespace

Rebuilding::Rebuilding(const MatrixProblem& problem, const std::vector<int>& arrivals, int limit,
                       const AdderGraph& start, uint64_t seed)
    : limit_(limit),
      living_(problem, arrivals, limit < kUnlimitedDepth, start),
      elimination_(living_.builder()),
      summation_(living_.builder()),
      seed_(seed) {}

size_t Rebuilding::random_below(size_t count) { return static_cast<size_t>(random() % static_cast<uint64_t>(count)); }

/// Whether one adder alone reads it.
bool Rebuilding::is_private(int32_t node) const {
  return living_.is_adder(node) && !is_taken(node) && living_.at(node).uses == 0 &&
         living_.at(node).readers.size() == 1;
}

void Rebuilding::take(int32_t node) {
  marks(node).taken = marks(node).opened = step_;
  taken_.push_back(node);
}

void Rebuilding::add_head(int32_t node) {
  marks(node).taken = step_;
  heads_.push_back({node});
}

/// Chooses what is built anew. An adder that is an output stays in any case, so it becomes a head.
bool Rebuilding::choose(bool wide) {
  ++step_;
  chosen_.clear();
  taken_.clear();
  heads_.clear();
  marks_.resize(living_.size());
  const std::vector<int32_t>& adders = living_.adders();
  if (adders.empty()) return false;
  const auto add = [&](int32_t node) {
    if (!living_.is_adder(node) || is_taken(node)) return;
    chosen_.push_back(node);
    if (living_.at(node).uses > 0)
      add_head(node);
    else
      take(node);
  };
  const auto any_operand = [&](int32_t node) {
    return random_below(2) == 0 ? living_.adder(node).left.node : living_.adder(node).right.node;
  };
  const auto any_reader = [&](int32_t node) {
    const std::vector<int32_t>& readers = living_.at(node).readers;
    return readers.empty() ? node : readers[random_below(readers.size())];
  };
  add(adders[random_below(adders.size())]);
  const size_t most = wide ? 1 : 1 + random_below(kMostTaken);
  for (size_t tries = 0; tries < 3 * most && chosen_.size() < most; ++tries) {
    const int32_t from = chosen_[random_below(chosen_.size())];
    switch (random_below(3)) {
      case 0:
        add(any_operand(from));
        break;
      case 1:
        add(any_reader(from));
        break;
      default:
        add(any_reader(any_operand(from)));
    }
  }
  const auto take_private_operands = [&](int32_t node) {
    for (const int32_t operand : {living_.adder(node).left.node, living_.adder(node).right.node}) {
      if (wide && is_private(operand)) take(operand);
    }
  };
  for (size_t i = 0; i < heads_.size(); ++i) take_private_operands(heads_[i].node);
  for (size_t i = 0; i < taken_.size(); ++i) {  // which grows
    take_private_operands(taken_[i]);
    for (const int32_t reader : living_.at(taken_[i]).readers) {
      if (is_taken(reader)) continue;
      if (wide && is_private(reader)) {
        take(reader);
      } else {
        add_head(reader);
        take_private_operands(reader);
      }
    }
    if (taken_.size() > kMostOpened || heads_.size() > kMostHeads) return false;
  }
  return true;
}

/// What reads a head must not be found as a value for its sum, and what is taken out not at all.
void Rebuilding::hide_from_search(bool hidden) {
  if (hidden) {
    above_.clear();
    for (const Head& head : heads_) above_.push_back(head.node);
    for (size_t i = 0; i < above_.size(); ++i) {
      for (const int32_t reader : living_.at(above_[i]).readers) {
        if (marks(reader).above == step_) continue;
        marks(reader).above = step_;
        above_.push_back(reader);
      }
    }
  }
  for (const int32_t node : taken_) living_.builder().hide(node, hidden);
  for (const int32_t node : above_) living_.builder().hide(node, hidden);
}

bool Rebuilding::expand(const Term& term, std::vector<Term>& terms) const {
  const AdderNode& node = living_.adder(term.node);
  if (marks(term.node).opened != step_) {
    if (!(node.range == Interval{0, 0})) terms.push_back(term);
    return terms.size() <= kMostRebuiltTerms;
  }
  for (const Operand& operand : {node.left, node.right}) {
    if (!expand({operand.node, operand.shift + term.shift, operand.negative != term.negative}, terms)) return false;
  }
  return true;
}

/// The depth that a node may have; kNotKnown if something above it is built anew as well.
int Rebuilding::required_depth(int32_t node) const {
  int depth = living_.at(node).uses > 0 ? limit_ : kUnlimitedDepth;
  for (const int32_t reader : living_.at(node).readers) {
    if (is_taken(reader)) return kNotKnown;
    const int of_reader = required_depth(reader);
    if (of_reader == kNotKnown) return kNotKnown;
    depth = std::min(depth, of_reader - 1);
  }
  return depth;
}

/// Builds the heads anew. False if that does not work out.
bool Rebuilding::build() {
  GraphBuilder& builder = living_.builder();
  sums_.resize(heads_.size());
  for (size_t j = 0; j < heads_.size(); ++j) {
    const AdderNode& head = living_.adder(heads_[j].node);
    Sum& sum = sums_[j];
    sum.terms.clear();
    if (!expand(head.left, sum.terms) || !expand(head.right, sum.terms)) return false;
    sum.limit = kUnlimitedDepth;
    if (limit_ < kUnlimitedDepth) {
      const int depth = required_depth(heads_[j].node);
      sum.limit = depth == kNotKnown ? head.depth : depth;
    }
  }
  const double noise = kNoise * static_cast<double>(random_below(4));
  const double cost = random_below(2) == 0 ? 0 : kCostOfRanking;
  const uint64_t seed = random();
  elimination_.run(sums_, {.cost = cost, .noise = noise, .seed = seed});
  summation_.begin({.noise = noise, .seed = seed});
  for (size_t j = 0; j < heads_.size(); ++j) {
    const Term result = summation_.sum(sums_[j].terms, sums_[j].limit, true);
    const bool is_usable = result.node >= 0 && !result.negative && result.shift == 0;
    if (!is_usable) return false;
    const bool is_other_head = static_cast<size_t>(result.node) < living_.size() && is_taken(result.node);
    if (is_other_head) return false;
    heads_[j].result = result.node;
  }
  // A head that is a term elsewhere may have been built the other way around, from operands that are taken out.
  for (size_t i = living_.size(); i < builder.size(); ++i) {
    const AdderNode& made = builder.node(static_cast<int32_t>(i));
    for (const int32_t operand : {made.left.node, made.right.node}) {
      if (static_cast<size_t>(operand) < living_.size() && marks(operand).opened == step_) return false;
    }
  }
  return true;
}

/// Whether build() made what was there before: most steps do.
bool Rebuilding::changes_nothing() const {
  const GraphBuilder& builder = living_.builder();
  const auto known = static_cast<int32_t>(living_.size());
  const auto end = static_cast<int32_t>(builder.size());
  if (static_cast<size_t>(end - known) != taken_.size() + heads_.size()) return false;
  const auto is_same = [&](const Operand& a, const Operand& old) {
    return (a.node < known ? a.node : builder.twin(a.node)) == old.node && a.shift == old.shift &&
           a.negative == old.negative;
  };
  for (int32_t i = known; i < end; ++i) {
    const int32_t twin = builder.twin(i);
    if (twin < 0 || twin >= known || !is_taken(twin)) return false;
    const AdderNode& now = builder.node(i);
    const AdderNode& old = builder.node(twin);
    const bool is_equal = (is_same(now.left, old.left) && is_same(now.right, old.right)) ||
                          (is_same(now.left, old.right) && is_same(now.right, old.left));
    if (!is_equal) return false;
  }
  return true;
}

void Rebuilding::drop_unread() {
  dead_.clear();
  const auto drop_operands = [&](int32_t node) {
    for (const int32_t operand : {living_.adder(node).left.node, living_.adder(node).right.node}) {
      if (!living_.is_adder(operand) || is_taken(operand) || living_.is_read(operand)) continue;
      marks(operand).taken = step_;
      dead_.push_back(operand);
      living_.detach(operand);
    }
  };
  for (const int32_t node : old_) drop_operands(node);
  for (size_t i = 0; i < dead_.size(); ++i) drop_operands(dead_[i]);
}

/// Puts the new adders in the place of the old ones, if they are cheap enough.
bool Rebuilding::replace(double temperature) {
  const auto begin = static_cast<int32_t>(living_.size());
  living_.see_new();
  marks_.resize(living_.size());
  const auto end = static_cast<int32_t>(living_.size());
  old_ = taken_;
  for (const Head& head : heads_) old_.push_back(head.node);
  int64_t change = 0;
  for (const int32_t node : old_) {
    change -= living_.cells(node);
    living_.detach(node);
  }
  for (const Head& head : heads_) {
    LivingGraph::Node& result = living_.at(head.result);
    ++result.uses;  // until the readers of the head come
    result.needed = std::max(result.needed, living_.at(head.node).needed);
  }
  made_.clear();
  for (int32_t i = end - 1; i >= begin; --i) {
    if (!living_.is_read(i)) continue;
    living_.attach(i);
    made_.push_back(i);
    change += living_.cells(i);
  }
  drop_unread();
  for (const int32_t node : dead_) change -= living_.cells(node);
  for (const Head& head : heads_) --living_.at(head.result).uses;

  const bool accepted = change <= 0 || (temperature > 0 && uniform_double(random()) <
                                                               std::exp(-static_cast<double>(change) / temperature));
  if (!accepted) {
    for (const int32_t node : dead_) living_.attach(node);
    for (const int32_t node : made_) living_.detach(node);
    for (const int32_t node : old_) living_.attach(node);
    return false;
  }
  for (const Head& head : heads_) living_.redirect(head.node, head.result);
  for (const int32_t node : old_) living_.bury(node);
  for (const int32_t node : dead_) living_.bury(node);
  for (int32_t i = begin; i < end; ++i) living_.builder().hide(i, true);
  for (const int32_t node : made_) living_.revive(node);
  if (limit_ < kUnlimitedDepth) {
    for (size_t i = made_.size(); i-- > 0;) living_.update_depth(made_[i]);
  }
  return true;
}

void Rebuilding::step(double temperature, bool wide) {
  if (!choose(wide)) return;
  const size_t before = living_.size();
  hide_from_search(true);
  const bool is_built = build();
  hide_from_search(false);
  if (!is_built || changes_nothing() || !replace(temperature)) living_.forget_from(before);
  if (living_.size() > 2 * living_.adders().size() + 1024) {
    living_.compact();
    marks_.assign(living_.size(), {});
  }
}

}  // namespace hgq::rtl
