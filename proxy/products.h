// The exact computation of dense layers and convolutions: y[p, j] = sum_k x[source[p, k]] W[k, j] + b[j].
//
// Inputs that share a row of the kernel are aligned to one fraction f_k. Output j gets the smallest fraction F_j at
// which all its products and its bias are integers, so that the kernel becomes the integers W_kj 2^(F_j - f_k), and y
// is an integer sum. The float32 values of kernel and bias are used exactly.
#pragma once

#include <span>
#include <string>

#include "hgq/proxy/signal.h"

namespace hgq {

struct ProxyProduct {
  int64_t inputs = 0, units = 0;
  std::span<const float> kernel;    // [inputs, units], row-major
  std::span<const float> bias;      // [units], or empty for none
  std::span<const int64_t> source;  // [positions, inputs]: an element of the input, or -1 for 0
};

/// `shape` is that of a sample of the output and has positions * units elements. Throws ShapeError, with a message that
/// begins with `where`, if a sum needs more bits than can be computed.
ProxyPlan product_plan(const ProxySignal& input, const ProxyProduct& product, const Shape& shape,
                       const std::string& where);

}  // namespace hgq
