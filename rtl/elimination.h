// Greedy elimination of common subexpressions in sums of terms.
//
// Two terms of a sum are a pair: two nodes, the difference of their shifts, and whether their signs differ. A pair that
// occurs in several places is made a node once, which then stands there as a single term. The pair with the best score
// goes first; its gain falls as others are made, so a heap with outdated scores is corrected when a pair comes up.
//
// Only pairs that occur twice are kept: no later step makes a pair of two old terms more frequent, and the pairs of a
// new node are all counted when it is made. How often a pair still occurs is counted when it comes up: of each node
// and sum there are masks of the shifts at which the node stands there, one for each sign.
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
  // Among equal scores the pair with the newest node goes first, so that what is repeated is first built up as far as
  // it is repeated: half a percent fewer bits. Otherwise the pair of the most equal depths, then the oldest, goes
  // first, which is better where depth is scarce.
  bool newest_first = true;
};

/// A sum whose terms are to be added up.
struct Sum {
  std::vector<Term> terms;
  int limit = kUnlimitedDepth;  // its depth; from kUnlimitedDepth on any
  uint64_t reserved = 0;        // 2^depth of terms that will be added later
};

/// Can be used again and again, which saves allocations.
class Elimination {
 public:
  /// The builder must outlive this.
  explicit Elimination(GraphBuilder& builder) : builder_(builder) {}

  /// Eliminates as long as a pair occurs twice.
  void run(std::vector<Sum>& sums, const Ranking& ranking);

 private:
  /// A term in one number, ordered by node, then by shift.
  using Packed = uint64_t;
  struct Pair {
    int32_t first = 0, second = 0;
    int shift = 0;  // of the second minus that of the first
    bool different_signs = false;
  };
  struct Ranked {
    double score = 0;
    uint64_t key = 0;
    uint64_t tie = 0;  // decides among equal scores
    bool operator<(const Ranked& other) const { return score != other.score ? score < other.score : tie < other.tie; }
  };
  struct Occurrence {
    size_t sum = 0;
    Packed first = 0, second = 0;
  };
  struct State {
    std::vector<Packed> terms;
    uint64_t limit = 0;   // 2^depth that it may have; 0: any
    uint64_t weight = 0;  // what it has of it
  };
  /// Where a node stands in a sum: bits at its shifts.
  struct Place {
    uint32_t sum = 0;
    uint64_t positive = 0, negative = 0;
  };

  static Packed pack(const Term& term);
  static Term unpack(Packed term);
  static uint64_t key_of(Packed a, Packed b);
  static Pair pair_of(uint64_t key);
  double score(uint64_t key, int32_t count) const;
  void push(double score, uint64_t key);
  uint64_t depth_weight(int32_t node) const;
  bool count_nodes(const std::vector<Sum>& sums);
  void load(const std::vector<Sum>& sums);
  void add_term(size_t sum, Packed term);
  void add_lone_term(size_t sum, Packed term);
  void place_lone_term(int32_t node);
  void mark(size_t sum, Packed term);
  void remove_term(size_t sum, Packed term);
  void make_room();
  /// A node that stands in one place alone has no pair that occurs twice.
  bool is_repeated(int32_t node) const { return occurs_[static_cast<size_t>(node)] > 1; }
  Place& place_of(int32_t node, size_t sum);
  /// Takes over the pairs just counted that are worth it.
  void keep_frequent();
  /// Calls visit(sum, shifts of the first node where it is positive, where it is negative) for each sum with the pair.
  template <typename Visit>
  void each_place(const Pair& pair, const Visit& visit) const;
  int32_t count(const Pair& pair) const;
  /// Where the pair can be replaced at once: no term is in two of them, and no sum becomes too deep.
  void find(const Pair& pair);
  void replace(const Pair& pair);

  GraphBuilder& builder_;
  Ranking ranking_;
  std::vector<State> sums_;
  std::vector<std::vector<Place>> places_;  // of each node, by sum
  std::vector<int32_t> occurs_;             // of each node, the terms with it; at least, since it does not fall
  std::vector<int32_t> counted_;            // nodes that occur
  std::vector<int32_t> placed_;             // nodes with places
  PairCounts fresh_;                        // of pairs with new terms
  std::priority_queue<Ranked> heap_;
  std::vector<Occurrence> occurrences_;
};

}  // namespace hgq::rtl
