#include "hgq/proxy/kinds.h"

#include "hgq/core/error.h"
#include "hgq/data/keras_activation.h"

namespace hgq {

void register_built_in(ProxyKinds& kinds);  // made of the list in CMakeLists.txt

ProxyKinds::ProxyKinds() { register_built_in(*this); }

std::unique_ptr<ProxyLayer> read_proxy_layer(const KerasNode& node, const KerasLayerWeights& weights,
                                             const ProxyKinds& kinds) {
  const Kind<ReadProxyLayer>* const kind = kinds.proxy_layers.find(node.class_name);
  const std::string_view class_name = plain_class_name(node.class_name);
  HGQ_CHECK(
      kind != nullptr || (!class_name.starts_with("DepthwiseConv") && !class_name.starts_with("SeparableConv")),
      FileError, node.config.place(), ": layer '", node.name, "' is a ", node.class_name,
      ", which cannot be emulated here, as hls4ml 1.3.0 takes its types from all channels at once; expected a "
      "convolution that is 0 between different channels, which 'hgq-train import' makes of a model of QKeras or Keras");
  HGQ_CHECK(kind != nullptr, FileError, node.config.place(), ": layer '", node.name, "' is a ", node.class_name,
            ", which cannot be emulated here; the classes that can are ", join_names(kinds.proxy_layers.names()));
  KerasNode known = node;
  known.class_name = kind->name;
  if (const Node* const activation = node.config.find("activation"))
    known.config.set("activation", plain_activation(*activation));
  return kind->make(known, weights);
}

}  // namespace hgq
