// The classes of layers that a proxy file may hold, and how each is read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hgq/proxy/layer.h"

namespace hgq {

/// The layer that a file describes. `weights` may be empty. Throws FileError where the class is not known, or its
/// config or weights are not as expected; the message names layer and class.
std::unique_ptr<ProxyLayer> read_proxy_layer(const KerasNode& node, const KerasLayerWeights& weights);

/// Names of the classes that read_proxy_layer() knows.
std::vector<std::string> proxy_class_names();

}  // namespace hgq
