#include "hgq/rtl/search.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "hgq/core/clock.h"
#include "hgq/core/error.h"
#include "hgq/core/rng.h"
#include "hgq/rtl/column_tree.h"
#include "hgq/rtl/construction.h"
#include "hgq/rtl/rebuilding.h"
#include "hgq/rtl/signed_digits.h"

namespace hgq::rtl {
namespace {

constexpr std::array kTreeSteps{2, 3, 5, 9};
// A tree over the columns is worth a try if it saves this share of their digits. Trained layers and ternary matrices
// have less than 0.21, dense random ones of 8 bits 0.25 to 0.35.
constexpr double kLeastGainOfTree = 0.21;
constexpr double kOtherCost = 0.3;
// A matrix of more weights is tried once: a try takes seconds then.
constexpr size_t kLargeMatrix = size_t{1} << 14U;
constexpr int kTriesAtOnce = 16;  // restarts between two choices of the best way; fixed, so that threads change nothing
constexpr double kShareOfTries = 0.1;  // of the time; the rest is for rebuilding
// With fewer steps rebuilding goes downhill only, in one chain.
constexpr double kLeastStepsToAnneal = 20;
constexpr size_t kChains = 2;
constexpr int kRounds = 16;  // after each the chains go on from the best of them
// A wide step takes longer the more inputs there are: every second step for up to 14 inputs, every twelfth for 64. With
// the least depth wide steps find more, others less: every step for up to 11 inputs, every tenth for 64.
constexpr int kInputsForWide = 5;
constexpr int kInputsForWideIfTight = 6;
// With the least depth there are fewer tries, and this share of the steps: where trees are worth a try, and elsewhere.
constexpr double kStepsIfTight = 0.48;
constexpr double kStepsIfTightAndSparse = 0.2;
// More steps can use a higher temperature. Where weights have few digits, as those of ternary matrices and of 4 bits,
// bits are saved by fewer adders, which takes heat; elsewhere by narrower ones, which takes patience.
struct Heat {
  double hottest = 0;             // adder bits
  double steps_for_a_degree = 0;  // for each adder
};
constexpr Heat kHeat{.hottest = 8, .steps_for_a_degree = 200};
constexpr Heat kHeatForFewDigits{.hottest = 10, .steps_for_a_degree = 40};
constexpr double kFewDigits = 2;          // of a weight that is not 0, at most, on average
constexpr double kCoolShare = 0.2;        // of the steps, the last ones, at a degree and below: the gain of heat shows
constexpr double kHottestAtTheEnd = 1;    // only there
constexpr int64_t kStepsToMeasure = 256;  // how long a step takes
constexpr int64_t kStepsToTell = 128;     // between two reports of progress
constexpr double kRoomForSums = 0x1p50;

/// Rebuilding makes sums of terms in an order of its own, whose values may be larger than those of the outputs. It is
/// left out where they could come near 2^63.
bool has_room(const MatrixProblem& problem) {
  const auto outputs = static_cast<size_t>(problem.outputs);
  for (size_t j = 0; j < outputs; ++j) {
    double most = problem.bias.empty() ? 0 : std::abs(static_cast<double>(problem.bias[j]));
    for (size_t i = 0; i < problem.ranges.size(); ++i) {
      const auto [low, high] = problem.ranges[i];
      const double value = std::max({std::abs(static_cast<double>(low)), std::abs(static_cast<double>(high)), 1.0});
      most += 2 * value * std::abs(static_cast<double>(problem.weights[i * outputs + j]));
    }
    if (most > kRoomForSums) return false;
  }
  return true;
}

int64_t digits_of(const MatrixProblem& problem) {
  int64_t digits = 0;
  for (const int64_t weight : problem.weights) digits += count_signed_digits(weight);
  return digits;
}

/// The share of the columns' digits that a tree saves.
double gain_of_tree(const MatrixProblem& problem) {
  const int64_t digits = digits_of(problem);
  if (digits == 0) return 0;
  const ColumnTree tree = column_tree(problem, kTreeSteps.back());
  return 1 - static_cast<double>(tree.digits) / static_cast<double>(digits);
}

/// Whether the outputs are the columns of the matrix. Nodes are found by a hash of what they compute, so this is what
/// proves a graph.
bool is_exact(const MatrixProblem& problem, const AdderGraph& graph) {
  const size_t inputs = problem.ranges.size();
  const size_t width = inputs + 1;  // of a row: the weight of each input, and the constant
  std::vector<int64_t> rows(graph.nodes.size() * width);
  const auto weight = [&](const Operand& operand, size_t i) {
    const int64_t value = rows[static_cast<size_t>(operand.node) * width + i] * (int64_t{1} << operand.shift);
    return operand.negative ? -value : value;
  };
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const AdderNode& node = graph.nodes[n];
    int64_t* const row = rows.data() + n * width;
    if (node.kind == AdderNode::Kind::kInput) row[n] = 1;
    if (node.kind == AdderNode::Kind::kConstant) row[inputs] = node.range.low;
    if (node.kind != AdderNode::Kind::kAdder) continue;
    for (size_t i = 0; i < width; ++i) row[i] = weight(node.left, i) + weight(node.right, i);
  }
  const size_t outputs = graph.outputs.size();
  for (size_t j = 0; j < outputs; ++j) {
    const Operand& output = graph.outputs[j];
    for (size_t i = 0; i < width; ++i) {
      const int64_t bias = problem.bias.empty() ? 0 : problem.bias[j];
      const bool is_unseen = i < inputs && problem.ranges[i] == Interval{0, 0};
      const int64_t expected = i == inputs ? bias : problem.weights[i * outputs + j];
      if (!is_unseen && (output.node < 0 ? 0 : weight(output, i)) != expected) return false;
    }
  }
  return true;
}

bool is_better(const Solution& a, const Solution& b) {
  return std::pair(a.cost.bits, a.cost.adders) < std::pair(b.cost.bits, b.cost.adders);
}

/// From the first tries to the last step of rebuilding; the best solution is kept.
class Search {
 public:
  Search(const MatrixProblem& problem, const std::vector<int>& arrivals, int limit, const SolverOptions& options,
         Workers& workers)
      : problem_(problem), arrivals_(arrivals), limit_(limit), options_(options), workers_(workers) {}

  AdderGraph run() {
    try_trees();
    try_with_noise();
    if (has_room(problem_)) rebuild();
    return std::move(best_->graph);
  }

 private:
  double share_of_steps() const { return !is_tight() ? 1 : is_dense_ ? kStepsIfTight : kStepsIfTightAndSparse; }
  bool is_tight() const { return options_.extra_depth == 0; }
  int64_t wide_every() const {
    return is_tight() ? std::max(1, problem_.inputs / kInputsForWideIfTight)
                      : std::max(2, problem_.inputs / kInputsForWide);
  }
  double hottest(double steps_for_each_adder) const {
    const auto weights = std::ranges::count_if(problem_.weights, [](int64_t weight) { return weight != 0; });
    const bool has_few_digits = static_cast<double>(digits_of(problem_)) <= kFewDigits * static_cast<double>(weights);
    const Heat& heat = has_few_digits && !is_tight() ? kHeatForFewDigits : kHeat;
    return std::min(heat.hottest, steps_for_each_adder / heat.steps_for_a_degree);
  }
  static double temperature(double hottest, double done) {
    return (1 - done) * (done < 1 - kCoolShare ? hottest : std::min(hottest, kHottestAtTheEnd / kCoolShare));
  }
  double share_of_time() const { return (seconds_now() - begin_) / options_.seconds; }

  void keep(Solution solution) {
    if (best_ && !is_better(solution, *best_)) return;
    HGQ_CHECK(is_exact(problem_, solution.graph), Error, "a graph of ", solution.cost.adders,
              " adders computes another matrix than it was made for: this is an error in hgq, please report it with "
              "the proxy");
    best_ = std::move(solution);
  }

  void try_all(const std::vector<Way>& ways) {
    std::vector<std::optional<Solution>> tried(ways.size());
    workers_.run(static_cast<int64_t>(ways.size()), [&](int64_t index, int /*worker*/) {
      const auto i = static_cast<size_t>(index);
      if (!best_ || share_of_time() < kShareOfTries) tried[i] = construct(problem_, arrivals_, limit_, ways[i]);
    });
    for (std::optional<Solution>& solution : tried) {
      if (solution) keep(std::move(*solution));
    }
  }

  /// Trees only where they make the columns much shorter; then the best of them, or no tree, with another ranking.
  void try_trees() {
    if (is_dense_ && !is_tight()) {  // with the least depth there is none left for a tree
      std::vector<Way> ways;
      for (const int steps : kTreeSteps) ways.push_back({.steps = steps});
      try_all(ways);
    }
    if (!best_) try_all({{.ranking = {.newest_first = !is_tight()}}});  // trees may need more depth than there is
    if (problem_.weights.size() > kLargeMatrix || (is_tight() && is_dense_)) return;
    Way other = best_->way;
    other.ranking.cost = kOtherCost;
    other.ranking.newest_first = true;
    try_all({other});
  }

  void try_with_noise() {
    for (int made = 0; made < options_.restarts && share_of_time() < kShareOfTries; made += kTriesAtOnce) {
      std::vector<Way> ways;
      for (int t = made; t < std::min(made + kTriesAtOnce, options_.restarts); ++t) {
        const uint64_t bits = random_bits(options_.seed, 0, 0, static_cast<uint64_t>(t));
        Way way = best_->way;
        way.ranking.noise = 0.05 * static_cast<double>(1 + bits % 4);
        way.ranking.seed = bits;
        ways.push_back(way);
      }
      try_all(ways);
    }
  }

  void rebuild() {
    const bool is_short = options_.steps_per_adder < kLeastStepsToAnneal;
    for (size_t c = 0; c < chains(is_short); ++c) chains_.push_back(chain_from(best_->graph, 0, c));
    const double adders = std::max(1.0, static_cast<double>(chains_.front()->adders()));
    const double steps = options_.steps_per_adder * adders * share_of_steps();
    const double hottest_here = is_short ? 0 : hottest(steps_there_are(steps) / adders);
    const int rounds = is_short ? 1 : kRounds;
    const double time_before = share_of_time();
    for (int round = 0; round < rounds && share_of_time() < 1; ++round) {
      const auto part = [&](double of_round) { return (round + of_round) / rounds; };
      const auto most = static_cast<int64_t>(steps / rounds);
      workers_.run(static_cast<int64_t>(chains_.size()), [&](int64_t c, int /*worker*/) {
        Rebuilding& chain = *chains_[static_cast<size_t>(c)];
        const double time_end = time_before + (1 - time_before) * part(1);
        for (int64_t i = 0; i < most; ++i) {
          const double time = share_of_time();
          if (time >= time_end) break;
          const double done = std::max(part(static_cast<double>(i) / static_cast<double>(most)),
                                       (time - time_before) / (1 - time_before));
          chain.step(temperature(hottest_here, done), i % wide_every() == 0);
          if (c == 0 && options_.progress && i % kStepsToTell == 0) options_.progress(done);
        }
      });
      choose_chain(round + 1);
    }
  }

  /// If the time is limited, the result depends on the machine in any case, and a chain without a thread would be a
  /// waste.
  size_t chains(bool is_short) const {
    if (is_short) return 1;
    const bool is_limited = options_.seconds != std::numeric_limits<double>::infinity();
    return is_limited ? std::min(kChains, static_cast<size_t>(workers_.size())) : kChains;
  }

  std::unique_ptr<Rebuilding> chain_from(const AdderGraph& graph, int round, size_t index) const {
    return std::make_unique<Rebuilding>(
        problem_, arrivals_, limit_, graph,
        random_bits(options_.seed, 1, static_cast<uint64_t>(round), static_cast<uint64_t>(index)));
  }

  /// All chains go on from the best of them.
  void choose_chain(int round) {
    std::vector<Solution> reached;
    size_t best = 0;
    for (const std::unique_ptr<Rebuilding>& chain : chains_) {
      reached.push_back({.graph = chain->graph(), .cost = {}, .way = best_->way});
      reached.back().cost = cost_of(reached.back().graph, problem_.needed);
      if (is_better(reached.back(), reached[best])) best = reached.size() - 1;
    }
    for (size_t c = 0; c < chains_.size(); ++c) {
      if (c != best) chains_[c] = chain_from(reached[best].graph, round, c);
    }
    keep(std::move(reached[best]));
  }

  /// The steps of a chain: those asked for, or, if the time ends before, those that there is time for.
  double steps_there_are(double steps) {
    if (options_.seconds == std::numeric_limits<double>::infinity()) return steps;
    const double begin = seconds_now();
    for (int64_t i = 0; i < kStepsToMeasure; ++i) chains_.front()->step(0, i % wide_every() == 0);
    const double in_time = (1 - share_of_time()) * options_.seconds / (seconds_now() - begin) * kStepsToMeasure;
    return std::min(steps, std::max(in_time, 0.0));
  }

  const MatrixProblem& problem_;
  const std::vector<int>& arrivals_;
  int limit_;
  const SolverOptions& options_;
  Workers& workers_;
  double begin_ = seconds_now();
  bool is_dense_ = gain_of_tree(problem_) > kLeastGainOfTree;
  std::optional<Solution> best_;
  std::vector<std::unique_ptr<Rebuilding>> chains_;
};

}  // namespace

AdderGraph search(const MatrixProblem& problem, const std::vector<int>& arrivals, int limit,
                  const SolverOptions& options, Workers& workers) {
  return Search(problem, arrivals, limit, options, workers).run();
}

}  // namespace hgq::rtl
