// Means of values whose number is not a power of two: sums divided by a constant.
//
// A pooling layer gives sum / count with many fractional bits, rounded toward 0 (proxy/pooling.h). No table of the sum
// is made of that, unless it is small: floor(x / d) is a multiplication by the constant 2^k / d, rounded, whose upper
// bits are kept (Granlund and Montgomery, Division by Invariant Integers using Multiplication, 1994), and k is so large
// that this is exact for all values of x. Fractional bits come from a table of the remainder. As many of them are built
// as the quantizer after the layer reads.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <tuple>

#include "hgq/core/parallel.h"
#include "hgq/proxy/operation.h"
#include "hgq/rtl/circuit_builder.h"
#include "hgq/rtl/solver.h"

namespace hgq::rtl {

/// sum / count with so many fractional bits, rounded toward 0.
struct Quotient {
  int64_t count = 1;
  int fraction = 0;
};

class Divider {
 public:
  Divider(CircuitBuilder& builder, const SolverOptions& options, Workers& workers)
      : builder_(builder), options_(options), workers_(workers) {}

  /// The quotient with all its bits; a count of 2, 4, 8 ... only moves the point. This and the next throw ConfigError,
  /// which begins with `where`, if the sum has more than 29 bits or the count is above 2^16.
  Feature whole(const Feature& sum, const Quotient& quotient, std::string_view where);
  /// The quotient in this type.
  Feature quantized(const Feature& sum, const Quotient& quotient, const Kbi& type, const QuantizeOperation& quantize,
                    std::string_view where);

  /// floor(x / divisor) for an odd divisor of at least 3 and x of at most 29 bits.
  Operand floor_of(const Operand& x, int64_t divisor);

 private:
  struct Division {
    Operand floor;
    int32_t remainder = -1;
  };
  struct Reciprocal {
    AdderGraph graph{};
    int bits = 0;  // that are dropped from the product
  };

  Division divide(const Operand& x, int64_t divisor);
  const Reciprocal& reciprocal(const Interval& range, int64_t divisor);
  Operand with_fraction(const Division& division, int64_t divisor, int bits, bool sticky);

  CircuitBuilder& builder_;
  SolverOptions options_;
  Workers& workers_;
  std::map<std::tuple<int64_t, int64_t, int64_t>, Reciprocal> reciprocals_;
};

}  // namespace hgq::rtl
