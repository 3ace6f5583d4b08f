#include "hgq/layers/proxy/registry.h"

#include <array>
#include <string_view>

#include "hgq/core/error.h"
#include "hgq/core/nearest_name.h"
#include "hgq/layers/keras_activation.h"
#include "hgq/layers/proxy/activations.h"
#include "hgq/layers/proxy/conv.h"
#include "hgq/layers/proxy/dense.h"
#include "hgq/layers/proxy/input.h"
#include "hgq/layers/proxy/merging.h"
#include "hgq/layers/proxy/pooling.h"
#include "hgq/layers/proxy/quantizer.h"
#include "hgq/layers/proxy/reshaping.h"
#include "hgq/layers/proxy/unary_lut.h"

namespace hgq {
namespace {

using ReadLayer = std::unique_ptr<ProxyLayer> (*)(const KerasNode&, const KerasLayerWeights&);

struct Entry {
  std::string_view class_name;
  ReadLayer read;
};

/// One line per class, by family.
constexpr std::array kEntries{
    Entry{"InputLayer", ProxyInput::read},
    Entry{"HGQ>FixedPointQuantizer", ProxyQuantizer::read},
    Entry{"Dense", ProxyDense::read},
    Entry{"Conv1D", ProxyConv::read},
    Entry{"Conv2D", ProxyConv::read},
    Entry{"MaxPooling1D", ProxyPooling::read},
    Entry{"MaxPooling2D", ProxyPooling::read},
    Entry{"AveragePooling1D", ProxyPooling::read},
    Entry{"AveragePooling2D", ProxyPooling::read},
    Entry{"GlobalMaxPooling1D", ProxyPooling::read},
    Entry{"GlobalMaxPooling2D", ProxyPooling::read},
    Entry{"GlobalAveragePooling1D", ProxyPooling::read},
    Entry{"GlobalAveragePooling2D", ProxyPooling::read},
    Entry{"ReLU", ProxyRelu::read},
    Entry{"Activation", ProxyActivation::read},
    Entry{"HGQ>UnaryLUT", ProxyUnaryLut::read},
    Entry{"Add", ProxyAdd::read},
    Entry{"Concatenate", ProxyConcatenate::read},
    Entry{"Flatten", ProxyFlatten::read},
    Entry{"Reshape", ProxyReshape::read},
    Entry{"Permute", ProxyPermute::read},
};

}  // namespace

std::vector<std::string> proxy_class_names() {
  std::vector<std::string> names;
  for (const Entry& entry : kEntries) names.emplace_back(entry.class_name);
  return names;
}

std::unique_ptr<ProxyLayer> read_proxy_layer(const KerasNode& node, const KerasLayerWeights& weights) {
  for (const Entry& entry : kEntries) {
    if (plain_class_name(entry.class_name) != plain_class_name(node.class_name)) continue;
    KerasNode known = node;
    known.class_name = entry.class_name;
    if (const Node* const activation = node.config.find("activation"))
      known.config.set("activation", plain_activation(*activation));
    return entry.read(known, weights);
  }
  const std::string_view class_name = plain_class_name(node.class_name);
  HGQ_CHECK(
      !class_name.starts_with("DepthwiseConv") && !class_name.starts_with("SeparableConv"), FileError,
      node.config.place(), ": layer '", node.name, "' is a ", node.class_name,
      ", which cannot be emulated here, as hls4ml 1.3.0 takes its types from all channels at once; expected a "
      "convolution that is 0 between different channels, which 'hgq-train import' makes of a model of QKeras or Keras");
  throw FileError(concat(node.config.place(), ": layer '", node.name, "' is a ", node.class_name,
                         ", which cannot be emulated here; the classes that can are ",
                         join_names(proxy_class_names())));
}

}  // namespace hgq
