// What a layer of a proxy computes, as data: for whoever builds something else from a proxy than its emulation, such as
// a circuit (rtl/lowering.h). A layer's plan has both, the function and this description; they must agree, which the
// tests of rtl check for every layer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <variant>
#include <vector>

#include "hgq/core/fixed_point.h"

namespace hgq {

/// The source of an element that is moved: an input, and an element of it.
struct MoveSource {
  int input = 0;  // -1: no input, the element is 0
  int64_t element = 0;
};

/// Element e of the output is that of sources[e].
struct MoveOperation {
  std::vector<MoveSource> sources;
};

/// y[p, j] = sum_k x[source[p, k]] kernel[k, j] + bias[j]; a source of -1 is 0.
struct ProductOperation {
  int64_t inputs = 0, units = 0;
  std::vector<float> kernel;    // [inputs, units], row-major
  std::vector<float> bias;      // [units], or empty
  std::vector<int64_t> source;  // [positions, inputs]
};

/// Element e is converted to types[e] (fixed_point.h).
struct QuantizeOperation {
  std::vector<Kbi> types;
  Rounding rounding = Rounding::kTrn;
  Overflow overflow = Overflow::kWrap;
};

/// max(x, 0).
struct ReluOperation {};

/// The sum of all inputs, element by element.
struct SumOperation {};

/// Element e is the largest value, or the mean, of the elements `from[ends[e - 1]]` to `from[ends[e] - 1]`. A mean is
/// rounded toward 0 to the fraction of the output.
struct WindowOperation {
  bool average = false;
  std::vector<int64_t> from;
  std::vector<size_t> ends;
};

/// A function of each value by itself. It gives float32 numbers, exactly as the emulation does.
struct ScalarOperation {
  std::function<double(double)> function;
};

/// Softmax along the last dimension: no circuit computes it.
struct SoftmaxOperation {};

/// monostate: nothing is known about it.
using ProxyOperation = std::variant<std::monostate, MoveOperation, ProductOperation, QuantizeOperation, ReluOperation,
                                    SumOperation, WindowOperation, ScalarOperation, SoftmaxOperation>;

}  // namespace hgq
