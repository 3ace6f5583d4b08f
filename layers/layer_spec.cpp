#include "hgq/layers/layer_spec.h"

#include "hgq/core/error.h"

namespace hgq {
namespace {

LayerSpec spec(const std::string& kind) { return AnyLayer(kind); }

Node list_of(const std::vector<int64_t>& values) {
  std::vector<Node> items;
  for (const int64_t v : values) items.push_back(Node::scalar(concat(v)));
  return Node::list(std::move(items));
}

/// A convolution (filters > 0) or pooling.
LayerSpec windowed(const char* kind, const char* key, const std::vector<int64_t>& size, int64_t filters = 0) {
  LayerSpec s = spec(kind);
  if (filters > 0) s.set("filters", concat(filters));
  s.arguments.set(key, list_of(size));
  return s;
}

}  // namespace

LayerSpec& LayerSpec::relu() { return set("activation", "relu"); }
LayerSpec& LayerSpec::name(const std::string& value) {
  arguments.set("name", Node::scalar(value, true));
  return *this;
}
LayerSpec& LayerSpec::beta(double value) {
  arguments.set("beta", Node::scalar(concat(value)));
  return *this;
}
LayerSpec& LayerSpec::from(std::vector<std::string> names) {
  inputs = std::move(names);
  return *this;
}
LayerSpec& LayerSpec::set(const std::string& key, const std::string& yaml) {
  ErrorList errors;
  arguments.set(key, Node::from_yaml(yaml, concat(kind, ".", key), errors));
  errors.throw_if_any();
  return *this;
}

LayerSpec AnyLayer(const std::string& kind) { return {.kind = kind, .arguments = Node::map({}), .inputs = {}}; }

LayerSpec Input(const std::string& name, const Shape& shape) {
  LayerSpec s = spec("Input");
  s.name(name);
  if (shape.rank() > 0) s.arguments.set("shape", list_of({shape.dims().begin(), shape.dims().end()}));
  return s;
}
LayerSpec Shared(const std::string& layer) {
  LayerSpec s = spec("Shared");
  s.arguments.set("layer", Node::string(layer));
  return s;
}
LayerSpec NestedModel(const std::string& name, std::vector<LayerSpec> layers, std::vector<std::string> outputs) {
  LayerSpec s = spec("NestedModel").name(name);
  s.layers = std::move(layers);
  s.outputs = std::move(outputs);
  return s;
}
LayerSpec HQuantize() { return spec("HQuantize"); }
LayerSpec HDense(int64_t units) { return spec("HDense").set("units", concat(units)); }
LayerSpec HDenseBatchNorm(int64_t units) { return spec("HDenseBatchNorm").set("units", concat(units)); }
LayerSpec HConv1D(int64_t filters, int64_t kernel_size) {
  return windowed("HConv1D", "kernel_size", {kernel_size}, filters);
}
LayerSpec HConv1DBatchNorm(int64_t filters, int64_t kernel_size) {
  return windowed("HConv1DBatchNorm", "kernel_size", {kernel_size}, filters);
}
LayerSpec HConv2D(int64_t filters, const std::vector<int64_t>& kernel_size) {
  return windowed("HConv2D", "kernel_size", kernel_size, filters);
}
LayerSpec HConv2DBatchNorm(int64_t filters, const std::vector<int64_t>& kernel_size) {
  return windowed("HConv2DBatchNorm", "kernel_size", kernel_size, filters);
}
LayerSpec PMaxPooling1D(int64_t pool_size) { return windowed("PMaxPooling1D", "pool_size", {pool_size}); }
LayerSpec PAveragePooling1D(int64_t pool_size) { return windowed("PAveragePooling1D", "pool_size", {pool_size}); }
LayerSpec PMaxPooling2D(const std::vector<int64_t>& pool_size) {
  return windowed("PMaxPooling2D", "pool_size", pool_size);
}
LayerSpec PAveragePooling2D(const std::vector<int64_t>& pool_size) {
  return windowed("PAveragePooling2D", "pool_size", pool_size);
}
LayerSpec HActivation(const std::string& function) {
  LayerSpec s = spec("HActivation");
  s.arguments.set("activation", Node::string(function));
  return s;
}
LayerSpec HActivation(ops::UnaryFunction function) {
  LayerSpec s = HActivation(function.name);
  s.function = std::make_shared<const ops::UnaryFunction>(std::move(function));
  return s;
}
LayerSpec HActivation(TapeFunction function) { return HActivation(to_unary(std::move(function))); }
LayerSpec HAdd(std::vector<std::string> inputs) { return spec("HAdd").from(std::move(inputs)); }
LayerSpec Signature(int64_t keep_negative, int64_t bits, int64_t int_bits) {
  return spec("Signature")
      .set("keep_negative", concat(keep_negative))
      .set("bits", concat(bits))
      .set("int_bits", concat(int_bits));
}
LayerSpec PReshape(const std::vector<int64_t>& target_shape) {
  LayerSpec s = spec("PReshape");
  s.arguments.set("target_shape", list_of(target_shape));
  return s;
}
LayerSpec PFlatten() { return spec("PFlatten"); }
LayerSpec PPermute(const std::vector<int64_t>& dims) {
  LayerSpec s = spec("PPermute");
  s.arguments.set("dims", list_of(dims));
  return s;
}
LayerSpec PConcatenate(std::vector<std::string> inputs, int64_t axis) {
  return spec("PConcatenate").set("axis", concat(axis)).from(std::move(inputs));
}
LayerSpec PDropout(double rate) { return spec("PDropout").set("rate", concat(rate)); }

}  // namespace hgq
