#include "hgq/proxy/qkeras/separable.h"

#include <array>
#include <string>

#include "hgq/core/error.h"

namespace hgq {
namespace {

QKerasKernelPart depthwise_part(const KerasNode& node, const KerasLayerWeights& weights) {
  QKerasKernelPart part{node, weights};
  part.node.class_name += ", Depthwise part";
  part.node.proxy_name += "_depthwise";
  part.node.config.set("use_bias", Node::boolean(false));
  return part;
}

QKerasKernelPart pointwise_part(const KerasNode& node, const KerasLayerWeights& weights) {
  QKerasKernelPart part{node, {weights.layer, {}}};
  part.node.class_name += ", Pointwise part";
  for (const char* const key : {"kernel_size", "strides", "dilation_rate"}) part.node.config.set(key, Node::integer(1));
  part.node.config.set("padding", Node::string("valid"));
  part.node.config.set("kernel_quantizer", node.config["pointwise_quantizer"]);
  for (const auto& [leaf, name] : {std::array{"pointwise_kernel", "kernel:0"}, std::array{"bias", "bias:0"}}) {
    const KerasWeight* const weight = weights.find(leaf);
    if (weight == nullptr) continue;
    part.weights.weights.push_back(*weight);
    part.weights.weights.back().name = name;
  }
  return part;
}

}  // namespace

bool is_separable(std::string_view class_name) {
  return class_name == "QSeparableConv1D" || class_name == "QSeparableConv2D" || class_name == "SeparableConv1D" ||
         class_name == "SeparableConv2D";
}

std::vector<QKerasKernelPart> kernel_parts(const KerasNode& node, const KerasLayerWeights& weights) {
  if (!is_separable(node.class_name)) return {{node, weights}};
  return {depthwise_part(node, weights), pointwise_part(node, weights)};
}

}  // namespace hgq
