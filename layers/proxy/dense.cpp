#include "hgq/layers/proxy/dense.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "hgq/core/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/layers/proxy/align.h"

namespace hgq {
namespace {

/// Kernel and bias as integers.
struct IntegerWeights {
  std::vector<Int128> kernel, bias;  // (inputs, units), (units)
  std::vector<int> fraction;         // F_j, of the sums
};

/// v * 2^fraction, an integer.
Int128 integer_at(float v, int fraction, const std::string& where) {
  if (v == 0.0f) return 0;
  const int lowest = lowest_set_bit(v);
  check_term_bits(highest_set_bit(v) + fraction + 1, where);
  return static_cast<Int128>(std::ldexp(static_cast<double>(v), -lowest)) << (fraction + lowest);
}

IntegerWeights integer_weights(const ProxyDense& layer, std::span<const int> input_fraction, std::span<const bool> used,
                               const std::string& where) {
  const auto inputs = static_cast<size_t>(layer.inputs());
  const auto units = static_cast<size_t>(layer.units());
  constexpr int kNone = std::numeric_limits<int>::min();
  IntegerWeights out{std::vector<Int128>(inputs * units), std::vector<Int128>(units), std::vector<int>(units, kNone)};
  const auto weight = [&](size_t k, size_t j) { return used[k] ? layer.kernel()[k * units + j] : 0.0f; };
  const auto bias = [&](size_t j) { return layer.bias().empty() ? 0.0f : layer.bias()[j]; };
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

/// Range of every sum, and the largest magnitude that a part of one can have.
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

/// In: storage of the input, Sum: of kernel, bias, and output.
template <typename In, typename Sum>
struct DenseStep {
  size_t inputs, units;
  std::vector<int> shift;  // of each input element
  std::vector<Sum> kernel, bias;

  void operator()(const StepRows& rows) const {
    const In* x = rows.in[0]->data<In>();
    Sum* y = rows.out->data<Sum>();
    for (int64_t row = 0; row < rows.rows; ++row) {
      for (size_t first = 0; first < shift.size(); first += inputs) {
        position(x, shift.data() + first, y);
        x += inputs;
        y += units;
      }
    }
  }

  void position(const In* x, const int* shifts, Sum* y) const {
    std::copy(bias.begin(), bias.end(), y);
    const Sum* weights = kernel.data();
    for (size_t k = 0; k < inputs; ++k, weights += units) {
      if (x[k] == 0) continue;  // behind a ReLU, often
      const Sum value = static_cast<Sum>(x[k]) << shifts[k];
      for (size_t j = 0; j < units; ++j) y[j] += value * weights[j];
    }
  }
};

template <typename In, typename Sum>
ProxyStep dense_step(const ProxyDense& layer, const std::vector<int>& shift, const IntegerWeights& weights) {
  const auto narrowed = [](const std::vector<Int128>& wide) {
    std::vector<Sum> out;
    for (const Int128 value : wide) out.push_back(static_cast<Sum>(value));
    return out;
  };
  return DenseStep<In, Sum>{static_cast<size_t>(layer.inputs()), static_cast<size_t>(layer.units()), shift,
                            narrowed(weights.kernel), narrowed(weights.bias)};
}

}  // namespace

ProxyDense::ProxyDense(std::string name, const Shape& kernel_shape, std::vector<float> kernel, std::vector<float> bias)
    : ProxyLayer(std::move(name)), kernel_shape_(kernel_shape), kernel_(std::move(kernel)), bias_(std::move(bias)) {
  HGQ_CHECK(kernel_shape_.rank() == 2 && static_cast<int64_t>(kernel_.size()) == kernel_shape_.size(), ShapeError,
            where(), ": kernel of shape ", kernel_shape_, " with ", kernel_.size(),
            " values, expected (inputs, units)");
  HGQ_CHECK(bias_.empty() || static_cast<int64_t>(bias_.size()) == units(), ShapeError, where(), ": bias has ",
            bias_.size(), " values, the kernel has ", units(), " units");
  const auto finite = [](float v) { return std::isfinite(v); };
  HGQ_CHECK(std::ranges::all_of(kernel_, finite) && std::ranges::all_of(bias_, finite), ShapeError, where(),
            ": kernel or bias holds a value that is not finite");
}

std::unique_ptr<ProxyLayer> ProxyDense::read(const KerasNode& node, const KerasLayerWeights& weights) {
  ErrorList errors;
  ConfigReader reader(node.config, concat("layer '", node.name, "' (Dense)"), errors);
  reader.choice("activation", "of a layer in a proxy", {"linear"}, "linear");
  const int64_t units = reader.integer("units", "number of outputs", {.required = true, .min = 1});
  const bool use_bias = reader.boolean("use_bias", "whether there is a bias", true);
  errors.throw_if_any();
  const KerasWeight* kernel = weights.find("kernel");
  const KerasWeight* bias = weights.find("bias");
  HGQ_CHECK(kernel != nullptr && kernel->shape.rank() == 2 && kernel->shape[1] == units, FileError, node.config.place(),
            ": layer '", node.name, "' (Dense) has ",
            kernel == nullptr ? "no kernel" : concat("a kernel of shape ", kernel->shape), ", expected (inputs, ",
            units, ")");
  HGQ_CHECK(!use_bias || (bias != nullptr && bias->shape == Shape{units}), FileError, node.config.place(), ": layer '",
            node.name, "' (Dense) has ", bias == nullptr ? "no bias" : concat("a bias of shape ", bias->shape),
            ", expected (", units, ")");
  return std::make_unique<ProxyDense>(node.name, kernel->shape, kernel->floats(),
                                      use_bias ? bias->floats() : std::vector<float>());
}

Node ProxyDense::config(bool /*only_child*/) const {
  Node config = base_config(true);
  config.set("units", Node::integer(units()));
  config.set("activation", Node::string("linear"));
  config.set("use_bias", Node::boolean(!bias_.empty()));
  return config;
}

std::vector<KerasWeight> ProxyDense::weights(bool /*only_child*/) const {
  std::vector<KerasWeight> out{KerasWeight::of_floats("kernel:0", kernel_shape_, kernel_)};
  if (!bias_.empty()) out.push_back(KerasWeight::of_floats("bias:0", Shape{units()}, bias_));
  return out;
}

ProxyPlan ProxyDense::plan(std::span<const ProxySignal* const> in) const {
  const ProxySignal& input = fixed_input(in);
  HGQ_CHECK(input.shape.rank() > 0 && input.shape[-1] == inputs(), ShapeError, where(), ": reads values of shape ",
            input.shape, ", its kernel has shape ", kernel_shape_);
  const auto n = static_cast<size_t>(inputs());
  std::vector<int64_t> group;
  const auto used = std::make_unique<bool[]>(n);  // rows of the kernel whose inputs are not all 0
  for (size_t e = 0; e < input.fraction.size(); ++e) {
    group.push_back(static_cast<int64_t>(e % n));
    used[e % n] = used[e % n] || !input.always_zero(static_cast<int64_t>(e));
  }
  const Alignment aligned = align(input, group, inputs(), where());
  const IntegerWeights weights = integer_weights(*this, aligned.fraction, {used.get(), n}, where());

  ProxyPlan plan;
  plan.out.shape = input.shape;
  plan.out.shape.set(-1, units());
  plan.out.storage = storage_for(sum_ranges(input, aligned, weights, n, plan.out, where()));
  if (input.storage == Storage::kInt128) {
    plan.out.storage = Storage::kInt128;
    plan.step = dense_step<Int128, Int128>(*this, aligned.shift, weights);
  } else if (plan.out.storage == Storage::kInt128) {
    plan.step = dense_step<int64_t, Int128>(*this, aligned.shift, weights);
  } else {
    plan.step = dense_step<int64_t, int64_t>(*this, aligned.shift, weights);
  }
  return plan;
}

}  // namespace hgq
