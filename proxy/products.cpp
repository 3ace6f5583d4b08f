#include "hgq/proxy/products.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "hgq/core/error.h"
#include "hgq/proxy/align.h"
#include "hgq/proxy/hls_interval.h"

namespace hgq {
namespace {

/// Kernel and bias as integers.
struct IntegerWeights {
  std::vector<Int128> kernel, bias;  // [inputs, units], [units]
  std::vector<int> fraction;         // F_j, of the sums
};

/// v * 2^fraction, which must be an integer.
Int128 integer_at(float v, int fraction, const std::string& where) {
  if (v == 0.0f) return 0;
  const int lowest = lowest_set_bit(v);
  check_term_bits(highest_set_bit(v) + fraction + 1, where);
  return static_cast<Int128>(std::ldexp(static_cast<double>(v), -lowest)) << (fraction + lowest);
}

// Each unit has the smallest fraction at which all of its products and its bias are integers; inputs that are always 0
// do not count.
IntegerWeights integer_weights(const ProxyProduct& layer, std::span<const int> input_fraction,
                               std::span<const bool> used, const std::string& where) {
  const auto inputs = static_cast<size_t>(layer.inputs);
  const auto units = static_cast<size_t>(layer.units);
  constexpr int kNone = std::numeric_limits<int>::min();
  IntegerWeights out{std::vector<Int128>(inputs * units), std::vector<Int128>(units), std::vector<int>(units, kNone)};
  const auto weight = [&](size_t k, size_t j) { return used[k] ? layer.kernel[k * units + j] : 0.0f; };
  const auto bias = [&](size_t j) { return layer.bias.empty() ? 0.0f : layer.bias[j]; };
  for (size_t j = 0; j < units; ++j) {
    int& fraction = out.fraction[j];
    for (size_t k = 0; k < inputs; ++k) {
      if (weight(k, j) != 0.0f) fraction = std::max(fraction, input_fraction[k] - lowest_set_bit(weight(k, j)));
    }
    if (bias(j) != 0.0f) fraction = std::max(fraction, -lowest_set_bit(bias(j)));
    if (fraction == kNone) fraction = 0;
    for (size_t k = 0; k < inputs; ++k) {
      out.kernel[k * units + j] = integer_at(weight(k, j), fraction - input_fraction[k], where);
    }
    out.bias[j] = integer_at(bias(j), fraction, where);
  }
  return out;
}

/// The range of every sum, and the largest magnitude that a partial sum can have.
Int128 sum_ranges(const ProxySignal& in, const Alignment& aligned, const IntegerWeights& weights, size_t inputs,
                  ProxySignal& out, const std::string& where) {
  const size_t units = weights.bias.size();
  Int128 largest = 0;
  for (size_t first = 0; first < in.fraction.size(); first += inputs) {
    for (size_t j = 0; j < units; ++j) {
      Int128 low = weights.bias[j];
      Int128 high = low;
      Int128 magnitude = low < 0 ? -low : low;
      for (size_t k = 0; k < inputs; ++k) {
        const Int128 weight = weights.kernel[k * units + j];
        const Int128 least = in.low[first + k] << aligned.shift[first + k];
        const Int128 most = in.high[first + k] << aligned.shift[first + k];
        check_term_bits(mantissa_bits(weight) + std::max(mantissa_bits(least), mantissa_bits(most)), where);
        const auto [a, b] = std::minmax({weight * least, weight * most});
        low += a;
        high += b;
        magnitude += std::max(a < 0 ? -a : a, b < 0 ? -b : b);
      }
      out.fraction.push_back(weights.fraction[j]);
      out.low.push_back(low);
      out.high.push_back(high);
      largest = std::max(largest, magnitude);
    }
  }
  return largest;
}

/// The types that hls4ml derives: from the intervals of the inputs' types and the values of the kernel; padding is a
/// type without bits.
HlsTypes product_types(const HlsTypes& in, const ProxyProduct& layer) {
  const auto n = static_cast<size_t>(layer.inputs);
  const auto units = static_cast<size_t>(layer.units);
  HlsTypes out;
  for (size_t first = 0; first < layer.source.size(); first += n) {
    for (size_t j = 0; j < units; ++j) {
      HlsInterval sum{.low = 0, .high = 0, .spacing = std::numeric_limits<double>::infinity()};
      for (size_t k = 0; k < n; ++k) {
        const int64_t source = layer.source[first + k];
        const HlsInterval x = source < 0 ? HlsInterval::of(0, 0, 0) : HlsInterval::of(in, static_cast<size_t>(source));
        sum.add_product(x, layer.kernel[k * units + j]);
      }
      if (!layer.bias.empty()) sum.add(layer.bias[j]);
      sum.push_to(out);
    }
  }
  return out;
}

/// In: storage of the input, Sum: of kernel, bias, and output.
template <typename In, typename Sum>
struct ProductLoop {
  size_t inputs, units;
  std::vector<int64_t> source;
  std::vector<int> shift;  // of each entry of source
  std::vector<Sum> kernel, bias;

  void operator()(const ProxyRows& rows) const {
    const In* x = rows.in[0]->data<In>();
    Sum* y = rows.out->data<Sum>();
    for (int64_t row = 0; row < rows.rows; ++row, x += rows.in[0]->row_size()) {
      for (size_t first = 0; first < shift.size(); first += inputs, y += units)
        position(x, source.data() + first, shift.data() + first, y);
    }
  }

  void position(const In* x, const int64_t* sources, const int* shifts, Sum* y) const {
    std::copy(bias.begin(), bias.end(), y);
    const Sum* weights = kernel.data();
    for (size_t k = 0; k < inputs; ++k, weights += units) {
      if (sources[k] < 0 || x[sources[k]] == 0) continue;  // often so after a ReLU
      const Sum value = static_cast<Sum>(x[sources[k]]) << shifts[k];
      for (size_t j = 0; j < units; ++j) y[j] += value * weights[j];
    }
  }
};

template <typename In, typename Sum>
ProxyFunction product_function(const ProxyProduct& layer, const std::vector<int>& shift,
                               const IntegerWeights& weights) {
  const auto narrowed = [](const std::vector<Int128>& wide) {
    std::vector<Sum> out;
    for (const Int128 value : wide) out.push_back(static_cast<Sum>(value));
    return out;
  };
  return ProductLoop<In, Sum>{static_cast<size_t>(layer.inputs),
                              static_cast<size_t>(layer.units),
                              {layer.source.begin(), layer.source.end()},
                              shift,
                              narrowed(weights.kernel),
                              narrowed(weights.bias)};
}

/// The inputs in the order in which they are multiplied with the kernel.
ProxySignal gathered(const ProxySignal& input, std::span<const int64_t> source) {
  ProxySignal all;
  all.storage = input.storage;
  all.shape = Shape{static_cast<int64_t>(source.size())};
  for (const int64_t s : source) {
    const auto e = static_cast<size_t>(s);
    all.fraction.push_back(s < 0 ? 0 : input.fraction[e]);
    all.low.push_back(s < 0 ? 0 : input.low[e]);
    all.high.push_back(s < 0 ? 0 : input.high[e]);
  }
  return all;
}

}  // namespace

// Inputs that meet the same row of the kernel, at different positions, are brought to one fraction; then each output is
// an integer sum of products. Throws ShapeError where a sum needs more than 120 bits.
ProxyPlan product_plan(const ProxySignal& input, const ProxyProduct& product, const Shape& shape,
                       const std::string& where) {
  check_elements(shape.size(), where);
  const ProxySignal all = gathered(input, product.source);
  const auto n = static_cast<size_t>(product.inputs);
  std::vector<int64_t> group;
  const auto used = std::make_unique<bool[]>(n);  // rows of the kernel whose inputs are not all 0
  for (size_t e = 0; e < all.fraction.size(); ++e) {
    group.push_back(static_cast<int64_t>(e % n));
    used[e % n] = used[e % n] || !all.always_zero(static_cast<int64_t>(e));
  }
  const Alignment aligned = align(all, group, product.inputs, where);
  const IntegerWeights weights = integer_weights(product, aligned.fraction, {used.get(), n}, where);

  ProxyPlan plan;
  plan.out.shape = shape;
  plan.out.hls = product_types(input.hls, product);
  plan.out.storage = storage_for(sum_ranges(all, aligned, weights, n, plan.out, where));
  if (input.storage == Storage::kInt128) {
    plan.out.storage = Storage::kInt128;
    plan.compute = product_function<Int128, Int128>(product, aligned.shift, weights);
  } else if (plan.out.storage == Storage::kInt128) {
    plan.compute = product_function<int64_t, Int128>(product, aligned.shift, weights);
  } else {
    plan.compute = product_function<int64_t, int64_t>(product, aligned.shift, weights);
  }
  plan.operation = ProductOperation{.inputs = product.inputs,
                                    .units = product.units,
                                    .kernel = {product.kernel.begin(), product.kernel.end()},
                                    .bias = {product.bias.begin(), product.bias.end()},
                                    .source = {product.source.begin(), product.source.end()}};
  return plan;
}

}  // namespace hgq
