// How to add up several terms with sums of three and two operands, in few cells and in time.
//
//   y = a + 4 b - c + d + 2 e      two sums of three: p = b + ..., y = p + ...
//
// Terms are joined greedily, three at a time that need the fewest cells together; one sum of two is left over if their
// number is even, which is the first or the last one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "hgq/rtl/circuit.h"
#include "hgq/rtl/delay.h"

namespace hgq::rtl {

struct Summand {
  Operand operand;
  double ready = 0;  // when its wire is there
};

/// Sums of terms and of other sums; the last is the whole. A part below the number of terms is a term, others are sums.
struct SumTree {
  struct Sum {
    int parts = 0;
    std::array<int, 3> part{};
    /// Contains all its values, at the scale and with the sign of the terms.
    std::optional<Interval> known{};
  };
  std::vector<Sum> sums;
  int cells = 0;
  double ready = 0;
};

/// Fills in the cells of a tree of which `bits` bits are needed, and when it is there. False if a term's wire has too
/// few bits for it.
bool measure(const Circuit& circuit, std::span<const Summand> terms, int bits, SumTree& tree);

/// The sum of at least two terms, of which `bits` bits are needed, to be there at `latest`; `range` is that of the
/// whole. nullopt if none was found, or if a term's wire has too few bits.
std::optional<SumTree> cheapest_sum(const Circuit& circuit, std::span<const Summand> terms, const Interval& range,
                                    int bits, double latest);

/// A sum of a tree as nodes read it: the operands are terms' operands, or (node -1 - n) sum n of the tree.
struct JoinedSum {
  std::array<Operand, 3> operands{};
  int count = 0;
  Interval range{};       // of the node
  int shift = 0;          // of the node against the terms
  bool negative = false;  // the node is minus the sum
};
/// The nodes of a tree, in its order.
std::vector<JoinedSum> joined_sums(const Circuit& circuit, std::span<const Summand> terms, const SumTree& tree);

}  // namespace hgq::rtl
