// What a sum is, in words for the reader of the hardware.
//
//   // 5*x: x + (x << 2), -640 .. 635
//   // a + (b << 2) - c, 0 .. 12, modulo 2^3
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "hgq/rtl/circuit.h"

namespace hgq::rtl {

class AdderMeanings {
 public:
  /// `names` of all nodes; both must outlive this.
  AdderMeanings(const Circuit& circuit, const std::vector<std::string>& names);

  /// Its operands, before them its value in what its layer reads if that is short and says more, and its range.
  std::string of(int32_t sum) const;

 private:
  /// Multiples of nodes, which are no sums or belong to other layers, and a constant.
  struct Linear {
    std::vector<std::pair<int32_t, int64_t>> terms{};
    int64_t constant = 0;
    bool known = true;  // short, and with small factors
  };

  Linear linear_of(const Node& sum) const;
  std::string text_of(const Linear& linear) const;
  std::string text_of(const Operand& operand) const;

  const Circuit& circuit_;
  const std::vector<std::string>& names_;
  std::vector<Linear> linear_;  // of each node
};

/// `low .. high`, and if its wire does not hold all of that `, modulo 2^bits`.
std::string range_text(const Node& node);

}  // namespace hgq::rtl
