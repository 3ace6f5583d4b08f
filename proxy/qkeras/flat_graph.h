// The graph of a model in which models inside it are replaced with their layers, and the weights of each layer.
//
// A layer 'dense' of a model 'block' is called "block/dense" there, and 'dense' in a proxy (quantization.md 3.2). Keras
// saves its weights in the group of the outermost model, under the layer's own name.
#pragma once

#include <string>

#include "hgq/data/keras_file.h"

namespace hgq {

/// In the result, `proxy_name` of a node is the layer's own name, also for further calls; `shared_with` is the path of
/// the layer whose weights it has, such as "block/dense", which for a first call is its own name. Class names have no
/// package. Throws FileError if the graph cannot be read.
KerasGraph flat_graph(const KerasGraph& graph);

/// The weights at a path of flat_graph(); without entries if the file has none.
KerasLayerWeights weights_at(const KerasFile& file, const std::string& path);

}  // namespace hgq
