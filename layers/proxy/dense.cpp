#include "hgq/layers/proxy/dense.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "hgq/core/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/layers/proxy/products.h"

namespace hgq {

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
  std::vector<int64_t> source(static_cast<size_t>(input.shape.size()));
  std::iota(source.begin(), source.end(), 0);
  Shape shape = input.shape;
  shape.set(-1, units());
  return product_plan(input, {.inputs = inputs(), .units = units(), .kernel = kernel_, .bias = bias_, .source = source},
                      shape, where());
}

}  // namespace hgq
