// Makes a graph of adders cheaper by taking a few neighbouring adders out and building them anew, again and again.
//
// A step takes out some adders. What read them, the heads, become sums of the terms that remain: those of the taken
// adders' operands. Common pairs of these sums are eliminated again, with noise in the ranking, and what is left is
// added up; values that the graph has already cost nothing. The new adders replace the old ones if they cost no more,
// or, as long as the temperature is above zero, a little more (simulated annealing).
//
// A wide step takes one adder, and with it all above and below that have a single reader, so that the heads are whole
// sums of shared values. It costs more, and finds what no neighbourhood shows.
#pragma once

#include <cstdint>
#include <vector>

#include "hgq/core/rng.h"
#include "hgq/rtl/elimination.h"
#include "hgq/rtl/living_graph.h"
#include "hgq/rtl/solver.h"
#include "hgq/rtl/summation.h"

namespace hgq::rtl {

class Rebuilding {
 public:
  /// `limit`: the depth that no output exceeds; from kUnlimitedDepth on any. The first two must outlive this.
  Rebuilding(const MatrixProblem& problem, const std::vector<int>& arrivals, int limit, const AdderGraph& start,
             uint64_t seed);

  /// `temperature`: adder bits by which a step may make the graph dearer with a probability of 1 / e.
  void step(double temperature, bool wide);
  AdderGraph graph() const { return living_.graph(); }
  size_t adders() const { return living_.adders().size(); }

 private:
  /// Of a node, the last steps in which something was so.
  struct Marks {
    uint32_t taken = 0;   // taken out, or made a head, or fallen away
    uint32_t opened = 0;  // taken out
    uint32_t above = 0;   // it reads a head, directly or not
  };
  struct Head {
    int32_t node = 0;
    int32_t result = 0;
  };

  uint64_t random() { return mix_bits(seed_ + ++drawn_); }
  size_t random_below(size_t count);
  Marks& marks(int32_t node) { return marks_[static_cast<size_t>(node)]; }
  const Marks& marks(int32_t node) const { return marks_[static_cast<size_t>(node)]; }
  bool is_taken(int32_t node) const { return marks(node).taken == step_; }

  bool choose(bool wide);
  bool is_private(int32_t node) const;
  void take(int32_t node);
  void add_head(int32_t node);
  void hide_from_search(bool hidden);
  bool expand(const Term& term, std::vector<Term>& terms) const;
  int required_depth(int32_t node) const;
  bool build();
  bool changes_nothing() const;
  bool replace(double temperature);
  /// Detaches the adders that nothing reads any more now that the old ones are detached.
  void drop_unread();

  int limit_;
  LivingGraph living_;
  Elimination elimination_;
  Summation summation_;
  std::vector<Marks> marks_;
  uint64_t seed_;
  uint64_t drawn_ = 0;

  // Of the step at work.
  uint32_t step_ = 0;
  std::vector<int32_t> chosen_;
  std::vector<int32_t> taken_;
  std::vector<Head> heads_;
  std::vector<int32_t> above_;
  std::vector<Sum> sums_;
  std::vector<int32_t> old_, made_, dead_;  // adders taken out, put in, and fallen away
};

}  // namespace hgq::rtl
