// Greedy elimination of common subexpressions in sums of terms.
//
// Two terms of a sum are a pair: two nodes, the difference of their shifts, and whether their signs differ. A pair that
// occurs in several places is made a node once, which then stands there as a single term. The pair with the best score
// goes first; its gain falls as others are made, so a heap with outdated scores is corrected when a pair comes up.
//
// Depth: a sum of terms with depths d_i can be added up within depth D exactly if sum 2^d_i <= 2^D (Kraft), which each
// elimination keeps.
#pragma once

#include <cstdint>
#include <queue>
#include <utility>
#include <vector>

#include "hgq/rtl/graph_builder.h"
#include "hgq/rtl/pair_counts.h"

namespace hgq::rtl {

inline constexpr int kUnlimitedDepth = 50;

/// How the pairs are ranked.
struct Ranking {
  double cost = 0;   // score: the count times the bits in which the terms overlap, less so many times the adder's cells
  double noise = 0;  // scores are multiplied by 1 +- noise / 2, which depends on the pair and the seed
  uint64_t seed = 0;
};

class Elimination {
 public:
  /// `limit`: the depth of each sum; from kUnlimitedDepth on any. `reserved`: 2^depth of terms that will be added to
  /// each sum later. The builder must outlive this.
  Elimination(GraphBuilder& builder, const Ranking& ranking, const std::vector<std::vector<Term>>& sums, int limit,
              const std::vector<uint64_t>& reserved);

  /// Eliminates as long as a pair occurs twice.
  void run();
  const std::vector<Term>& sum(size_t index) const { return sums_[index]; }

 private:
  struct Pair {
    int32_t first = 0, second = 0;
    int shift = 0;  // of the second minus that of the first
    bool different_signs = false;
  };
  struct Ranked {
    double score = 0;
    uint64_t key = 0;
    bool operator<(const Ranked& other) const { return score != other.score ? score < other.score : key > other.key; }
  };
  struct Occurrence {
    size_t sum = 0;
    Term first, second;
  };

  static uint64_t key_of(const Term& a, const Term& b);
  static Pair pair_of(uint64_t key);
  double score(uint64_t key, int32_t count) const;
  /// 2^depth; 0 if depth does not matter.
  uint64_t weight(int32_t node) const {
    return limit_ == 0 ? 0 : uint64_t{1} << static_cast<unsigned>(builder_.node(node).depth);
  }
  void add_term(size_t sum, const Term& term, bool rank);
  void remove_term(size_t sum, const Term& term);
  /// Where the pair can be replaced at once: no term is in two of them, and no sum becomes too deep.
  void find(const Pair& pair);
  void replace(const Pair& pair);

  GraphBuilder& builder_;
  Ranking ranking_;
  std::vector<std::vector<Term>> sums_;
  uint64_t limit_;                              // 2^depth that each sum may have; 0: any
  std::vector<uint64_t> weights_;               // what each sum has of it
  std::vector<std::vector<uint32_t>> readers_;  // of each node: sums that have, or had, a term of it
  PairCounts counts_;
  std::priority_queue<Ranked> heap_;
  std::vector<Occurrence> occurrences_;
  std::vector<char> used_;
};

}  // namespace hgq::rtl
