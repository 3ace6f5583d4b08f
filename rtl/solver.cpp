#include "hgq/rtl/solver.h"

#include <algorithm>
#include <array>
#include <bit>
#include <unordered_map>
#include <utility>

#include "hgq/core/clock.h"
#include "hgq/core/error.h"
#include "hgq/core/rng.h"
#include "hgq/rtl/column_tree.h"
#include "hgq/rtl/elimination.h"
#include "hgq/rtl/signed_digits.h"

namespace hgq::rtl {
namespace {

constexpr std::array kSteps{1, 2, 3, 5, 9, 1000};
constexpr std::array kCosts{0.0, 0.3};
// A matrix of more weights is solved in three ways instead of twelve: a try takes seconds then, and the trees over the
// columns gain little.
constexpr size_t kLargeMatrix = size_t{1} << 14U;
constexpr int kMostStepsOfLarge = 3;
constexpr int kTriesAtOnce = 16;  // restarts between two choices of the best way; fixed, so that threads change nothing
constexpr uint64_t kLargest = uint64_t{1} << 60U;

/// One way to build the graph.
struct Way {
  int steps = 1;  // of the tree over the columns
  Ranking ranking{};
};

struct Solution {
  AdderGraph graph;
  AdderCost cost;
  Way way;
};

uint64_t power_of_two(int exponent) { return uint64_t{1} << static_cast<unsigned>(exponent); }

int log2_up(uint64_t value) { return value <= 1 ? 0 : static_cast<int>(std::bit_width(value - 1)); }

/// Whether a column has negative digits alone: without a bias it is then 0 minus a sum.
bool is_negative(const MatrixProblem& problem, size_t column) {
  const auto columns = static_cast<size_t>(problem.outputs);
  bool any = false;
  for (size_t i = column; i < problem.weights.size(); i += columns) {
    for (const Digit& digit : signed_digits(problem.weights[i])) {
      if (!digit.negative) return false;
      any = true;
    }
  }
  return any;
}

/// Adds up the terms of each sum that are left.
class Summation {
 public:
  Summation(GraphBuilder& builder, int limit) : builder_(builder), limit_(limit) {}

  /// `positive`: the result is not negated if any term allows it.
  Term sum(std::vector<Term> terms, bool positive) {
    if (terms.empty()) return {};
    if (positive) turn_one_around(terms);
    while (terms.size() > 1) {
      const auto [x, y] = cheapest_pair(terms);
      const Term made = join(terms, x, y, positive);
      terms.erase(terms.begin() + static_cast<std::ptrdiff_t>(y));
      terms.erase(terms.begin() + static_cast<std::ptrdiff_t>(x));
      terms.push_back(made);
    }
    return terms.front();
  }

 private:
  /// If all terms are negative, builds one of them the other way around: the one that needs the fewest cells for it.
  void turn_one_around(std::vector<Term>& terms) {
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
  static Operand negated(Operand operand) {
    operand.negative = !operand.negative;
    return operand;
  }
  /// The cells of minus a node as a graph of the same depth: of a difference, that with its operands exchanged; of a
  /// sum, minus one of its operands less the other. Nothing if there is no difference below, or if the depth does not
  /// matter: zero minus the whole is cheaper than two adders.
  std::optional<int> cells_of_minus(int32_t index) {
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
  int build_minus(int32_t index) {
    const AdderNode node = builder_.node(index);
    if (node.left.negative != node.right.negative) return builder_.add(negated(node.left), negated(node.right));
    const std::optional<int> left = cells_of_minus(node.left.node);
    const std::optional<int> right = cells_of_minus(node.right.node);
    const bool minus_left = left && (!right || *left <= *right);
    const Operand& turned = minus_left ? node.left : node.right;
    const Operand& other = minus_left ? node.right : node.left;
    return builder_.add({build_minus(turned.node), turned.shift, false}, negated(other));
  }

  std::pair<size_t, size_t> cheapest_pair(const std::vector<Term>& terms) const {
    const bool limited = limit_ < kUnlimitedDepth;
    uint64_t weight = 0;
    for (const Term& term : terms) weight += limited ? power_of_two(depth(term)) : 0;
    double best = std::numeric_limits<double>::infinity();
    std::pair<size_t, size_t> chosen{0, 1};
    for (size_t x = 0; x < terms.size(); ++x) {
      for (size_t y = x + 1; y < terms.size(); ++y) {
        const int joined = std::max(depth(terms[x]), depth(terms[y])) + 1;
        const bool too_deep =
            limited && weight - power_of_two(depth(terms[x])) - power_of_two(depth(terms[y])) + power_of_two(joined) >
                           power_of_two(limit_);
        if (too_deep) continue;
        const int low = std::min(terms[x].shift, terms[y].shift);
        const int cells = builder_.fewest_cells(terms[x].node, terms[x].shift - low, terms[y].node,
                                                terms[y].shift - low, terms[x].negative != terms[y].negative);
        // Among equals those that are there early, and small.
        const double rank =
            cells + 0.01 * joined +
            0.001 * (builder_.top(terms[x].node) + builder_.top(terms[y].node) + terms[x].shift + terms[y].shift);
        if (rank >= best) continue;
        best = rank;
        chosen = {x, y};
      }
    }
    return chosen;
  }

  Term join(const std::vector<Term>& terms, size_t x, size_t y, bool positive) {
    const Term& a = terms[x];
    const Term& b = terms[y];
    const int low = std::min(a.shift, b.shift);
    const int a_shift = a.shift - low;
    const int b_shift = b.shift - low;
    if (a.negative == b.negative)
      return {builder_.add({a.node, a_shift, false}, {b.node, b_shift, false}), low, a.negative};
    // As b - a instead of a - b where that is better, or where the sum needs a term that is not negative.
    bool turned = builder_.is_better_turned(a.node, a_shift, b.node, b_shift);
    if (positive) {
      bool other_is_positive = false;
      for (size_t i = 0; i < terms.size(); ++i) other_is_positive |= i != x && i != y && !terms[i].negative;
      if (!other_is_positive) turned = a.negative;
    }
    return {builder_.add({a.node, a_shift, turned}, {b.node, b_shift, !turned}), low, a.negative != turned};
  }

  int depth(const Term& term) const { return builder_.node(term.node).depth; }

  static constexpr int kNone = std::numeric_limits<int>::max() / 2;

  GraphBuilder& builder_;
  int limit_;
  std::unordered_map<int32_t, std::optional<int>> minus_;  // cells_of_minus() of sums
};

class Try {
 public:
  Try(const MatrixProblem& problem, const std::vector<int>& arrivals, int limit, const Way& way)
      : problem_(problem), limit_(limit), way_(way), builder_(problem.ranges, arrivals) {}

  /// Nothing if this way needs more depth than there is.
  std::optional<Solution> run() {
    const auto columns = static_cast<size_t>(problem_.outputs);
    std::vector<std::vector<Term>> late(columns);
    for (size_t j = 0; j < columns; ++j) {
      const int64_t bias = problem_.bias.empty() ? 0 : problem_.bias[j];
      if (bias != 0 || is_negative(problem_, j)) late[j].push_back({builder_.add_constant(bias), 0, false});
    }
    const ColumnTree tree = column_tree(problem_, way_.steps);
    const int levels = *std::ranges::max_element(tree.steps);
    std::vector<Term> outputs;
    if (levels == 1) {
      outputs = level(differences(tree), limit_, late, true);
    } else {
      const int first_limit = limit_ >= kUnlimitedDepth ? limit_ : limit_ - log2_up(static_cast<uint64_t>(levels) + 1);
      std::vector<std::vector<Term>> sums = differences(tree);
      if (!fits(sums, first_limit)) return std::nullopt;
      const std::vector<Term> made = level(sums, first_limit, std::vector<std::vector<Term>>(columns), false);
      sums = along_the_tree(tree, made);
      std::vector<std::vector<Term>> all = sums;
      for (size_t j = 0; j < columns; ++j) all[j].insert(all[j].end(), late[j].begin(), late[j].end());
      if (!fits(all, limit_)) return std::nullopt;
      outputs = level(sums, limit_, late, true);
    }
    for (Term& output : outputs) make_positive(output);
    Solution solution{.graph = std::move(builder_).take(std::move(outputs)), .cost = {}, .way = way_};
    solution.cost = cost_of(solution.graph, problem_.needed);
    if (limit_ < kUnlimitedDepth && solution.cost.depth > limit_) return std::nullopt;
    return solution;
  }

 private:
  /// Each column, or its difference from its parent, as digits of the inputs.
  std::vector<std::vector<Term>> differences(const ColumnTree& tree) const {
    const auto columns = static_cast<size_t>(problem_.outputs);
    std::vector<std::vector<Term>> sums(columns);
    for (size_t j = 0; j < columns; ++j) {
      for (int i = 0; i < problem_.inputs; ++i) {
        const int64_t* const row = problem_.weights.data() + static_cast<size_t>(i) * columns;
        int64_t weight = row[j];
        if (tree.parent[j] >= 0) {
          const int64_t parent = row[static_cast<size_t>(tree.parent[j])];
          weight -= tree.is_negated[j] != 0 ? -parent : parent;
        }
        for (const Digit& digit : signed_digits(weight)) sums[j].push_back({i, digit.shift, digit.negative});
      }
    }
    return sums;
  }
  /// Each column as the sum of the differences on its way to the root.
  std::vector<std::vector<Term>> along_the_tree(const ColumnTree& tree, const std::vector<Term>& made) const {
    std::vector<std::vector<Term>> sums(made.size());
    for (size_t j = 0; j < made.size(); ++j) {
      bool negated = false;
      for (int column = static_cast<int>(j); column >= 0; column = tree.parent[static_cast<size_t>(column)]) {
        const Term& term = made[static_cast<size_t>(column)];
        if (term.node >= 0) sums[j].push_back({term.node, term.shift, term.negative != negated});
        negated ^= tree.is_negated[static_cast<size_t>(column)] != 0;
      }
    }
    return sums;
  }
  bool fits(const std::vector<std::vector<Term>>& sums, int limit) const {
    if (limit >= kUnlimitedDepth) return true;
    return limit >= 0 && std::ranges::all_of(sums, [&](const std::vector<Term>& sum) {
             uint64_t weight = 0;
             for (const Term& term : sum) weight += power_of_two(builder_.node(term.node).depth);
             return weight <= power_of_two(limit);
           });
  }
  std::vector<Term> level(const std::vector<std::vector<Term>>& sums, int limit,
                          const std::vector<std::vector<Term>>& late, bool positive) {
    std::vector<uint64_t> reserved;  // late terms are constants, whose depth is 0
    for (const std::vector<Term>& terms : late) reserved.push_back(terms.size());
    Elimination elimination(builder_, way_.ranking, sums, limit, reserved);
    elimination.run();
    Summation summation(builder_, limit);
    std::vector<Term> results;
    for (size_t j = 0; j < late.size(); ++j) {
      std::vector<Term> terms = elimination.sum(j);
      terms.insert(terms.end(), late[j].begin(), late[j].end());
      results.push_back(summation.sum(std::move(terms), positive));
    }
    return results;
  }
  /// Zero minus the term, if it is still negative.
  void make_positive(Term& term) {
    if (term.node < 0 || !term.negative) return;
    const int zero = builder_.add_constant(0);
    term = {builder_.add({zero, 0, false}, {term.node, 0, true}), term.shift, false};
  }

  const MatrixProblem& problem_;
  int limit_;
  Way way_;
  GraphBuilder builder_;
};

void check(const MatrixProblem& problem, const std::vector<int>& arrivals) {
  const auto inputs = static_cast<size_t>(problem.inputs);
  const auto outputs = static_cast<size_t>(problem.outputs);
  const bool sizes_agree = problem.inputs >= 0 && problem.outputs > 0 && problem.weights.size() == inputs * outputs &&
                           problem.ranges.size() == inputs && arrivals.size() == inputs &&
                           (problem.bias.empty() || problem.bias.size() == outputs) &&
                           (problem.needed.empty() || problem.needed.size() == outputs);
  HGQ_CHECK(sizes_agree, ShapeError, "a matrix of ", problem.inputs, " x ", problem.outputs, " with ",
            problem.weights.size(), " weights, ", problem.ranges.size(), " ranges, ", arrivals.size(),
            " arrival times, ", problem.bias.size(), " biases and ", problem.needed.size(), " numbers of bits");
  const auto magnitude = [](int64_t value) {
    return value < 0 ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
  };
  for (size_t j = 0; j < outputs; ++j) {
    uint64_t most = problem.bias.empty() ? 0 : magnitude(problem.bias[j]);
    for (size_t i = 0; i < inputs; ++i) {
      const Interval& x = problem.ranges[i];
      HGQ_CHECK(x.low <= x.high, ShapeError, "input ", i, ": the range [", x.low, ", ", x.high, "] is empty");
      // The digits of a weight reach up to twice its value.
      const uint64_t weight = 2 * std::min(magnitude(problem.weights[i * outputs + j]), kLargest);
      const uint64_t value = std::max(magnitude(x.low), magnitude(x.high));
      const bool is_small = value == 0 || weight <= (kLargest - 1) / value;
      most += is_small ? weight * value : kLargest;
      HGQ_CHECK(most < kLargest, ConfigError, "output ", j,
                ": its values can be 2^60 or more; expected smaller weights or inputs");
    }
  }
}

int least_depth_of(const MatrixProblem& problem, const std::vector<int>& arrivals) {
  const auto columns = static_cast<size_t>(problem.outputs);
  int depth = 0;
  for (size_t j = 0; j < columns; ++j) {
    const bool has_bias = !problem.bias.empty() && problem.bias[j] != 0;
    uint64_t weight = has_bias || is_negative(problem, j) ? 1 : 0;
    for (size_t i = 0; i < arrivals.size(); ++i)
      weight +=
          static_cast<uint64_t>(count_signed_digits(problem.weights[i * columns + j])) * power_of_two(arrivals[i]);
    depth = std::max(depth, log2_up(weight));
  }
  return depth;
}

std::vector<int> arrivals_of(const MatrixProblem& problem) {
  return problem.arrivals.empty() ? std::vector<int>(static_cast<size_t>(problem.inputs), 0) : problem.arrivals;
}

bool is_better(const Solution& a, const Solution& b) {
  return std::pair(a.cost.bits, a.cost.adders) < std::pair(b.cost.bits, b.cost.adders);
}

}  // namespace

int least_depth(const MatrixProblem& problem) { return least_depth_of(problem, arrivals_of(problem)); }

AdderGraph solve(const MatrixProblem& problem, const SolverOptions& options, Workers& workers) {
  const double begin = seconds_now();
  const std::vector<int> arrivals = arrivals_of(problem);
  check(problem, arrivals);
  const int limit = options.extra_depth
                        ? std::min(least_depth_of(problem, arrivals) + *options.extra_depth, kUnlimitedDepth)
                        : kUnlimitedDepth;
  std::optional<Solution> best;  // the first way, without a tree, always fits
  const auto try_all = [&](const std::vector<Way>& ways) {
    std::vector<std::optional<Solution>> tried(ways.size());
    workers.run(static_cast<int64_t>(ways.size()), [&](int64_t index, int /*worker*/) {
      const bool in_time = best == std::nullopt || seconds_now() - begin < options.seconds;
      if (in_time)
        tried[static_cast<size_t>(index)] = Try(problem, arrivals, limit, ways[static_cast<size_t>(index)]).run();
    });
    for (std::optional<Solution>& solution : tried) {
      if (solution && (!best || is_better(*solution, *best))) best = std::move(solution);
    }
  };
  std::vector<Way> ways;
  const bool is_large = problem.weights.size() > kLargeMatrix;
  for (const double cost : kCosts) {
    for (const int steps : kSteps) {
      if (!is_large || (cost == 0 && steps <= kMostStepsOfLarge))
        ways.push_back({.steps = steps, .ranking = {.cost = cost}});
    }
  }
  try_all(ways);
  for (int made = 0; made < options.restarts && seconds_now() - begin < options.seconds; made += kTriesAtOnce) {
    ways.clear();
    for (int t = made; t < std::min(made + kTriesAtOnce, options.restarts); ++t) {
      const uint64_t bits = random_bits(options.seed, 0, 0, static_cast<uint64_t>(t));
      Way way = best->way;
      if (t % 4 == 3) way.steps = kSteps[(bits >> 8U) % kSteps.size()];
      way.ranking.noise = 0.1 * static_cast<double>(1 + bits % 4);
      way.ranking.seed = bits;
      ways.push_back(way);
    }
    try_all(ways);
  }
  return std::move(best->graph);
}

}  // namespace hgq::rtl
