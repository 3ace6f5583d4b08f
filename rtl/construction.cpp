#include "hgq/rtl/construction.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "hgq/rtl/column_tree.h"
#include "hgq/rtl/signed_digits.h"
#include "hgq/rtl/summation.h"

namespace hgq::rtl {
namespace {

uint64_t two_to(int exponent) { return uint64_t{1} << static_cast<unsigned>(exponent); }

int log2_above(uint64_t value) { return value <= 1 ? 0 : static_cast<int>(std::bit_width(value - 1)); }

class Construction {
 public:
  Construction(const MatrixProblem& problem, const std::vector<int>& arrivals, int limit, const Way& way)
      : problem_(problem), limit_(limit), way_(way), builder_(problem.ranges, arrivals, limit < kUnlimitedDepth) {}

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
      const int first_limit =
          limit_ >= kUnlimitedDepth ? limit_ : limit_ - log2_above(static_cast<uint64_t>(levels) + 1);
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
        if (problem_.ranges[static_cast<size_t>(i)] == Interval{0, 0}) continue;
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
             for (const Term& term : sum) weight += two_to(builder_.node(term.node).depth);
             return weight <= two_to(limit);
           });
  }
  std::vector<Term> level(const std::vector<std::vector<Term>>& terms, int limit,
                          const std::vector<std::vector<Term>>& late, bool positive) {
    std::vector<Sum> sums;
    for (size_t j = 0; j < terms.size(); ++j)
      sums.push_back({terms[j], limit, late[j].size()});  // late terms are constants, whose depth is 0
    Elimination(builder_).run(sums, way_.ranking);
    Summation summation(builder_);
    std::vector<Term> results;
    for (size_t j = 0; j < late.size(); ++j) {
      sums[j].terms.insert(sums[j].terms.end(), late[j].begin(), late[j].end());
      results.push_back(summation.sum(sums[j].terms, limit, positive));
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

}  // namespace

std::optional<Solution> construct(const MatrixProblem& problem, const std::vector<int>& arrivals, int limit,
                                  const Way& way) {
  return Construction(problem, arrivals, limit, way).run();
}

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

}  // namespace hgq::rtl
