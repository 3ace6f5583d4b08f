#include "hgq/proxy/registry.h"

#include <array>
#include <string_view>

#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"
#include "hgq/data/keras_activation.h"
#include "hgq/proxy/activations.h"
#include "hgq/proxy/conv.h"
#include "hgq/proxy/dense.h"
#include "hgq/proxy/input.h"
#include "hgq/proxy/merging.h"
#include "hgq/proxy/pooling.h"
#include "hgq/proxy/quantizer.h"
#include "hgq/proxy/reshaping.h"
#include "hgq/proxy/unary_lut.h"

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
  throw FileError(concat(node.config.place(), ": layer '", node.name, "' is a ", node.class_name,
                         ", which cannot be emulated here; the classes that can are ",
                         join_names(proxy_class_names())));
}

}  // namespace hgq
