// Adds up the terms of a sum, the cheapest pair first.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "hgq/rtl/elimination.h"
#include "hgq/rtl/graph_builder.h"

namespace hgq::rtl {

class Summation {
 public:
  struct Options {
    double noise = 0;  // cells are multiplied by 1 +- noise / 2, which depends on the terms and the seed
    uint64_t seed = 0;
  };
  /// Can be used again and again, which saves allocations. The builder must outlive this.
  explicit Summation(GraphBuilder& builder) : builder_(builder) {}

  /// To be called after nodes of the builder were forgotten, too.
  void begin(const Options& options) {
    options_ = options;
    minus_.clear();
  }

  /// The sum, in a depth of `limit`; from kUnlimitedDepth on in any. `positive`: it is not negated if any term allows
  /// it.
  Term sum(std::span<const Term> terms, int limit, bool positive);

 private:
  /// A term, and what its cells depend on, at the scale of the sum.
  struct Part {
    Term term;
    Interval range{};  // of the node times 2^shift
    int low_bit = 0;
    int top = 0;
    int depth = 0;
  };
  struct Partner {
    double rank = 0;
    int place = kNobody;
  };
  static constexpr int kNobody = -1;

  Part part(const Term& term) const;
  void turn_one_around();
  std::optional<int> cells_of_minus(int32_t index);
  int build_minus(int32_t index);
  int cells(const Part& a, const Part& b) const;
  double rank(const Part& x, const Part& y) const;
  bool fits(const Part& a, const Part& b) const;
  uint64_t weight(int depth) const;
  void offer_partner(size_t x, size_t place);
  void find_partner(size_t x);
  std::pair<size_t, size_t> cheapest_pair();
  Term join(size_t x, size_t y, bool positive);

  GraphBuilder& builder_;
  Options options_;
  // Of the sum at work.
  int limit_ = kUnlimitedDepth;
  uint64_t weight_ = 0;  // sum of 2^depth, if the depth is limited
  std::vector<Part> parts_;
  std::vector<Partner> partners_;                          // of each part, among those before it
  std::unordered_map<int32_t, std::optional<int>> minus_;  // cells_of_minus() of sums
};

}  // namespace hgq::rtl
