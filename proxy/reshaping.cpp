#include "hgq/proxy/reshaping.h"

#include <algorithm>

#include "hgq/config/config_reader.h"
#include "hgq/config/window_keys.h"
#include "hgq/core/error.h"
#include "hgq/proxy/kinds.h"
#include "hgq/proxy/moves.h"

namespace hgq {
namespace {

/// Keeps the elements in their order.
ProxyPlan keep_order(std::span<const ProxySignal* const> in, const Shape& shape, const std::string& where) {
  std::vector<MoveSource> sources;
  for (int64_t e = 0; e < shape.size(); ++e) sources.push_back({0, e});
  return move_plan(in, shape, std::move(sources), where);
}

/// `target` for the elements of `from`, where one -1 stands for all remaining elements.
Shape reshaped(const Shape& from, std::vector<int64_t> target, const std::string& where) {
  std::string text;
  int64_t rest = from.size();  // elements for the remaining dimensions
  int64_t* open = nullptr;
  bool fits = !target.empty();
  for (int64_t& extent : target) {
    text += concat(text.empty() ? "" : ", ", extent);
    if (extent == -1 && open == nullptr) {
      open = &extent;
    } else {
      fits = fits && extent > 0 && rest % extent == 0;
      if (fits) rest /= extent;
    }
  }
  if (open != nullptr) *open = rest;
  HGQ_CHECK(fits && (open != nullptr || rest == 1), ShapeError, where, ": cannot bring values of shape ", from,
            " into shape [", text, "]");
  return Shape(target);
}

std::vector<int64_t> read_list(const KerasNode& node, std::string_view class_name, const std::string& key) {
  ErrorList errors;
  ConfigReader reader(node.config, concat("layer '", node.name, "' (", class_name, ")"), errors);
  if (!reader.has(key)) reader.missing(key, "a list of integers");
  std::vector<int64_t> values = reader.integers(key, "a list of integers", {});
  errors.throw_if_any();
  return values;
}

}  // namespace

std::unique_ptr<ProxyLayer> ProxyFlatten::read(const KerasNode& node, const KerasLayerWeights& /*weights*/) {
  ErrorList errors;
  ConfigReader reader(node.config, concat("layer '", node.name, "' (Flatten)"), errors);
  reader.choice("data_format", "order of the dims", {"channels_last"}, "channels_last");
  errors.throw_if_any();
  return std::make_unique<ProxyFlatten>(node.name);
}

Node ProxyFlatten::config(bool /*only_child*/) const {
  Node config = base_config(true);
  config.set("data_format", Node::string("channels_last"));
  return config;
}

ProxyPlan ProxyFlatten::plan(std::span<const ProxySignal* const> in) const {
  return keep_order(in, Shape{only_input(in).shape.size()}, where());
}

std::unique_ptr<ProxyLayer> ProxyReshape::read(const KerasNode& node, const KerasLayerWeights& /*weights*/) {
  return std::make_unique<ProxyReshape>(node.name, read_list(node, "Reshape", "target_shape"));
}

Node ProxyReshape::config(bool /*only_child*/) const {
  Node config = base_config(true);
  config.set("target_shape", integer_list(target_));
  return config;
}

ProxyPlan ProxyReshape::plan(std::span<const ProxySignal* const> in) const {
  const Shape& from = only_input(in).shape;
  return keep_order(in, reshaped(from, target_, where()), where());
}

std::unique_ptr<ProxyLayer> ProxyPermute::read(const KerasNode& node, const KerasLayerWeights& /*weights*/) {
  return std::make_unique<ProxyPermute>(node.name, read_list(node, "Permute", "dims"));
}

Node ProxyPermute::config(bool /*only_child*/) const {
  Node config = base_config(true);
  config.set("dims", integer_list(dims_));
  return config;
}

// dims_ count from 1, as dimension 0 is the batch.
ProxyPlan ProxyPermute::plan(std::span<const ProxySignal* const> in) const {
  const Shape& from = only_input(in).shape;
  std::vector<int64_t> sorted = dims_;
  std::ranges::sort(sorted);
  bool fits = static_cast<int>(sorted.size()) == from.rank();
  for (size_t d = 0; fits && d < sorted.size(); ++d) fits = sorted[d] == static_cast<int64_t>(d) + 1;
  HGQ_CHECK(fits, ShapeError, where(), ": dims do not order the ", from.rank(), " dims of values of shape ", from);

  Shape shape = from;
  for (int d = 0; d < from.rank(); ++d) shape.set(d, from[static_cast<int>(dims_[static_cast<size_t>(d)] - 1)]);
  const auto from_strides = row_major_strides(from);
  const auto strides = row_major_strides(shape);
  std::vector<MoveSource> sources;
  for (int64_t e = 0; e < shape.size(); ++e) {
    int64_t source = 0;
    for (size_t d = 0; d < dims_.size(); ++d) {
      source += e / strides[d] % shape[static_cast<int>(d)] * from_strides[static_cast<size_t>(dims_[d] - 1)];
    }
    sources.push_back({0, source});
  }
  return move_plan(in, shape, std::move(sources), where());
}

namespace {

std::optional<ProxyRef> convert_flatten(const KerasLayer& layer) {
  read_data_format(layer.reader);
  if (!layer.is_ready()) return {};
  return layer.builder.add_flatten(layer.node.proxy_name, *layer.input);
}

std::optional<ProxyRef> convert_reshape(const KerasLayer& layer) {
  std::vector<int64_t> target =
      layer.reader.integers("target_shape", "shape of a sample", {}, {.required = true, .min = -1});
  if (!layer.is_ready()) return {};
  return layer.builder.add_reshape(layer.node.proxy_name, *layer.input, std::move(target));
}

std::optional<ProxyRef> convert_permute(const KerasLayer& layer) {
  std::vector<int64_t> dims =
      layer.reader.integers("dims", "order of the dims, counted from 1", {}, {.required = true, .min = 1});
  if (!layer.is_ready()) return {};
  return layer.builder.add_permute(layer.node.proxy_name, *layer.input, std::move(dims));
}

}  // namespace

void register_reshaping(ProxyKinds& kinds) {
  kinds.proxy_layers.add({.name = "Flatten", .make = ProxyFlatten::read});
  kinds.proxy_layers.add({.name = "Reshape", .make = ProxyReshape::read});
  kinds.proxy_layers.add({.name = "Permute", .make = ProxyPermute::read});
  kinds.keras_layers.add({.name = "Flatten", .make = convert_flatten});
  kinds.keras_layers.add({.name = "Reshape", .make = convert_reshape});
  kinds.keras_layers.add({.name = "Permute", .make = convert_permute});
}

}  // namespace hgq
