// The layers that proxy files may hold, and those of Keras that become such layers: how each is read.
//
// Each file of this folder that holds some has a function `register_FILE(ProxyKinds&)`, which CMakeLists.txt lists. A
// layer of `layers` that has a proxy layer of its own registers both in its own file (layers/kinds.h).
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "hgq/config/config_reader.h"
#include "hgq/config/kinds.h"
#include "hgq/data/keras_file.h"
#include "hgq/proxy/builder.h"
#include "hgq/proxy/layer.h"

namespace hgq {

/// The layer that a file describes. `weights` may be empty. Throws FileError where its config or weights are not as
/// expected.
using ReadProxyLayer = std::unique_ptr<ProxyLayer> (*)(const KerasNode& node, const KerasLayerWeights& weights);

/// A layer of Keras with one input and no weights, which is to become layers of a proxy.
struct KerasLayer {
  const KerasNode& node;
  ConfigReader& reader;  // of its keys; errors go there
  ProxyBuilder& builder;
  std::optional<ProxyRef> input;  // not there: the layer is only checked, as one in front could not be converted
  const std::function<bool()>& check_quantized;  // false, and an error, where the input is not quantized

  /// Whether it can be converted: there is an input, and no error.
  bool is_ready() const { return input.has_value() && reader.errors().empty(); }
  /// The same for one that computes with its input.
  bool is_quantized() const { return is_ready() && check_quantized(); }
};
/// The layer that gives its output; nothing after an error, or without an input.
using ConvertKerasLayer = std::optional<ProxyRef> (*)(const KerasLayer& layer);

struct ProxyKinds {
  /// With all that this folder has.
  ProxyKinds();

  /// By the name of the class in files, without its package: "Dense", "FixedPointQuantizer".
  Kinds<ReadProxyLayer> proxy_layers{"a layer of a proxy"};
  Kinds<ConvertKerasLayer> keras_layers{"a layer of Keras"};
};

/// Reads one layer. Throws FileError where the class is not known; the message names layer and class.
std::unique_ptr<ProxyLayer> read_proxy_layer(const KerasNode& node, const KerasLayerWeights& weights,
                                             const ProxyKinds& kinds);

}  // namespace hgq
