#include "hgq/proxy/dense.h"

#include <numeric>
#include <utility>

#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/proxy/kinds.h"
#include "hgq/proxy/package_types.h"
#include "hgq/proxy/products.h"

namespace hgq {

ProxyDense::ProxyDense(std::string name, const Shape& kernel_shape, std::vector<float> kernel, std::vector<float> bias)
    : ProxyLayer(std::move(name)), weights_{kernel_shape, std::move(kernel), std::move(bias)} {
  weights_.check(0, "units", where());
}

std::unique_ptr<ProxyLayer> ProxyDense::read(const KerasNode& node, const KerasLayerWeights& weights) {
  ErrorList errors;
  ConfigReader reader(node.config, concat("layer '", node.name, "' (Dense)"), errors);
  reader.choice("activation", "of a layer in a proxy", {"linear"}, "linear");
  const int64_t units = reader.integer("units", "number of outputs", {.required = true, .min = 1});
  const bool use_bias = reader.boolean("use_bias", "whether there is a bias", true);
  errors.throw_if_any();
  ProductWeights read = read_product_weights(node, weights, {}, units, use_bias);
  return std::make_unique<ProxyDense>(node.name, read.kernel_shape, std::move(read.kernel), std::move(read.bias));
}

Node ProxyDense::config(bool /*only_child*/) const {
  Node config = base_config(true);
  config.set("units", Node::integer(units()));
  config.set("activation", Node::string("linear"));
  config.set("use_bias", Node::boolean(!bias().empty()));
  return config;
}

std::vector<KerasWeight> ProxyDense::weights(bool /*only_child*/) const { return weights_.to_keras(); }

ProxyPlan ProxyDense::plan(std::span<const ProxySignal* const> in) const {
  const ProxySignal& input = fixed_input(in);
  HGQ_CHECK(input.shape.rank() > 0 && input.shape[-1] == inputs(), ShapeError, where(), ": reads values of shape ",
            input.shape, ", its kernel has shape ", weights_.kernel_shape);
  std::vector<int64_t> source(static_cast<size_t>(input.shape.size()));
  std::iota(source.begin(), source.end(), 0);
  Shape shape = input.shape;
  shape.set(-1, units());
  return product_plan(input,
                      {.inputs = inputs(), .units = units(), .kernel = kernel(), .bias = bias(), .source = source},
                      shape, where());
}

HlsType ProxyDense::package_type(std::span<const HlsType> in) const {
  return package_products(widest(in), kernel(), bias(), inputs());
}

std::string ProxyDense::firmware_note(const ProxySignal& input) const {
  if (input.shape.rank() <= kMostHlsDims) return "";
  return concat("hls4ml 1.3.0 cannot convert a dense layer on samples of shape ", input.shape, "; it takes up to ",
                kMostHlsDims, " dims. Reduce them with PReshape");
}

void register_dense(ProxyKinds& kinds) { kinds.proxy_layers.add({.name = "Dense", .make = ProxyDense::read}); }

}  // namespace hgq
