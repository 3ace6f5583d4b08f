#include "hgq/proxy/conv.h"

#include <algorithm>
#include <utility>

#include "hgq/config/config_reader.h"
#include "hgq/config/window_keys.h"
#include "hgq/core/error.h"
#include "hgq/proxy/kinds.h"
#include "hgq/proxy/package_types.h"
#include "hgq/proxy/products.h"

namespace hgq {

ProxyConv::ProxyConv(std::string name, ConvOptions options, const Shape& kernel_shape, std::vector<float> kernel,
                     std::vector<float> bias)
    : ProxyLayer(std::move(name)),
      options_(std::move(options)),
      weights_{kernel_shape, std::move(kernel), std::move(bias)} {
  weights_.check(options_.rank, "filters", where());
  HGQ_CHECK(options_.groups >= 1 && filters() % options_.groups == 0, ShapeError, where(), ": ", options_.groups,
            " groups do not divide ", filters(), " filters");
}

std::vector<int64_t> ProxyConv::size() const {
  std::vector<int64_t> size;
  for (int d = 0; d < options_.rank; ++d) size.push_back(weights_.kernel_shape[d]);
  return size;
}

ConvOptions read_conv_options(ConfigReader& reader, int rank, std::vector<int64_t>& size) {
  ConvOptions options{.rank = rank, .stride = {}, .dilation = {}};
  size = read_sizes(reader, "kernel_size", "extent of the window", rank, 0);
  options.stride = read_sizes(reader, "strides", "distance between windows", rank, 1);
  options.dilation = read_sizes(reader, "dilation_rate", "distance in a window", rank, 1);
  options.padding = read_padding(reader, rank == 1);
  options.groups = reader.integer("groups", "parts of inputs and outputs", {.fallback = 1, .min = 1});
  read_data_format(reader);
  return options;
}

std::unique_ptr<ProxyLayer> ProxyConv::read(const KerasNode& node, const KerasLayerWeights& weights) {
  ErrorList errors;
  ConfigReader reader(node.config, concat("layer '", node.name, "' (", node.class_name, ")"), errors);
  reader.choice("activation", "of a layer in a proxy", {"linear"}, "linear");
  const int64_t filters = reader.integer("filters", "number of outputs", {.required = true, .min = 1});
  std::vector<int64_t> size;
  ConvOptions options = read_conv_options(reader, node.class_name == "Conv1D" ? 1 : 2, size);
  const bool use_bias = reader.boolean("use_bias", "whether there is a bias", true);
  errors.throw_if_any();
  ProductWeights read = read_product_weights(node, weights, size, filters, use_bias);
  return std::make_unique<ProxyConv>(node.name, std::move(options), read.kernel_shape, std::move(read.kernel),
                                     std::move(read.bias));
}

Node ProxyConv::config(bool /*only_child*/) const {
  Node config = base_config(true);
  config.set("filters", Node::integer(filters()));
  config.set("kernel_size", integer_list(size()));
  config.set("strides", integer_list(options_.stride));
  config.set("padding", Node::string(std::string(to_string(options_.padding))));
  config.set("data_format", Node::string("channels_last"));
  config.set("dilation_rate", integer_list(options_.dilation));
  config.set("groups", Node::integer(options_.groups));
  config.set("activation", Node::string("linear"));
  config.set("use_bias", Node::boolean(!weights_.bias.empty()));
  return config;
}

std::vector<KerasWeight> ProxyConv::weights(bool /*only_child*/) const { return weights_.to_keras(); }

// The kernel with the zeros between groups, so that every output reads the whole window.
ProxyPlan ProxyConv::plan(std::span<const ProxySignal* const> in) const {
  const ProxySignal& input = fixed_input(in);
  const int64_t group_inputs = weights_.kernel_shape[options_.rank];
  HGQ_CHECK(input.shape.rank() == options_.rank + 1 && input.shape[-1] == group_inputs * options_.groups, ShapeError,
            where(), ": reads values of shape ", input.shape, ", its kernel has shape ", weights_.kernel_shape,
            " with ", options_.groups, " groups");
  const Windows windows = make_windows(input.shape, size(), options_.stride, options_.dilation, options_.padding);
  check_table(windows.reads(), where());
  const int64_t channels = windows.channels;
  const int64_t entries = windows.h.size * windows.w.size;
  const int64_t group_filters = filters() / options_.groups;
  check_table(std::max(filters(), entries * channels), where());
  check_table(entries * channels * filters(), where());
  std::vector<float> kernel(static_cast<size_t>(entries * channels * filters()), 0.0F);
  for (int64_t k = 0; k < entries; ++k) {
    for (int64_t i = 0; i < group_inputs; ++i) {
      for (int64_t j = 0; j < filters(); ++j) {
        const int64_t row = k * channels + j / group_filters * group_inputs + i;
        kernel[static_cast<size_t>(row * filters() + j)] =
            weights_.kernel[static_cast<size_t>((k * group_inputs + i) * filters() + j)];
      }
    }
  }
  std::vector<int64_t> source;
  for (int64_t p = 0; p < windows.positions(); ++p) {
    for (int64_t k = 0; k < entries; ++k) {
      const int64_t h = windows.h.source(p / windows.w.output, k / windows.w.size);
      const int64_t w = windows.w.source(p % windows.w.output, k % windows.w.size);
      const bool inside = h >= 0 && w >= 0;
      for (int64_t i = 0; i < channels; ++i)
        source.push_back(inside ? (h * windows.w.input + w) * channels + i : int64_t{-1});
    }
  }
  return product_plan(
      input,
      {.inputs = entries * channels, .units = filters(), .kernel = kernel, .bias = weights_.bias, .source = source},
      windows.output_shape(filters()), where());
}

HlsType ProxyConv::package_type(std::span<const HlsType> in) const {
  return package_products(widest(in), kernel(), bias(), std::ssize(kernel()) / std::max<int64_t>(1, filters()));
}

std::string ProxyConv::firmware_note(const ProxySignal& /*input*/) const {
  if (options_.groups > 1) return concat("hls4ml 1.3.0 cannot convert a convolution of ", options_.groups, " groups");
  if (std::ranges::any_of(options_.dilation, [](int64_t d) { return d > 1; }))
    return "hls4ml 1.3.0 ignores the dilation, so its firmware computes another function";
  return "";
}

void register_conv(ProxyKinds& kinds) {
  kinds.proxy_layers.add({.name = "Conv1D", .make = ProxyConv::read});
  kinds.proxy_layers.add({.name = "Conv2D", .make = ProxyConv::read});
}

}  // namespace hgq
