// The kinds of layers in proxy files, and of layers of Keras that are converted to them: how each kind is read.
//
// Each file of this folder that defines kinds has a function `register_FILE(ProxyKinds&)`, and is listed in
// CMakeLists.txt. A layer of the folder `layers` with a proxy layer of its own registers both in its own file
// (layers/kinds.h).
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

/// Makes the layer that a file describes. `weights` is empty for a layer without weights. Throws FileError if config or
/// weights are not as expected.
using ReadProxyLayer = std::unique_ptr<ProxyLayer> (*)(const KerasNode& node, const KerasLayerWeights& weights);

/// A layer of Keras with one input and no weights that is to be converted. The references are valid during the call.
struct KerasLayer {
  const KerasNode& node;
  ConfigReader& reader;  // of its keys; takes the errors
  ProxyBuilder& builder;
  std::optional<ProxyRef> input;  // none if a layer before it could not be converted; this one is then only checked
  const std::function<bool()>& check_quantized;  // whether the input is quantized; adds an error if it is not

  /// Whether it can be converted: there is an input, and there are no errors.
  bool is_ready() const { return input.has_value() && reader.errors().empty(); }
  /// The same for a layer that computes with its input, which must be quantized.
  bool is_quantized() const { return is_ready() && check_quantized(); }
};
/// Adds the layers of the proxy, and returns the one with the output; nothing after an error, or without an input.
using ConvertKerasLayer = std::optional<ProxyRef> (*)(const KerasLayer& layer);

struct ProxyKinds {
  /// The table has all kinds of this folder.
  ProxyKinds();

  /// By the name of the class in files, without a package: "Dense", "FixedPointQuantizer".
  Kinds<ReadProxyLayer> proxy_layers{"a layer of a proxy"};
  Kinds<ConvertKerasLayer> keras_layers{"a layer of Keras"};
};

/// Reads one layer. Throws FileError if its class is unknown, or if its config or weights are not as expected.
std::unique_ptr<ProxyLayer> read_proxy_layer(const KerasNode& node, const KerasLayerWeights& weights,
                                             const ProxyKinds& kinds);

}  // namespace hgq
