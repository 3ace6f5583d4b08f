// The graph of a model with the models inside taken apart, and where the weights of each layer are.
//
// A layer 'dense' of a model 'block' is called "block/dense" there, and 'dense' in a proxy (quantization.md 3.2). Keras
// saves its weights in the group of the outermost model, under the layer's own name.
#pragma once

#include <string>

#include "hgq/data/keras_file.h"

namespace hgq {

/// Of every node: `proxy_name` is the layer's own name, also for further calls; `shared_with` the path
/// of the layer whose weights it has, "block/dense", which is its own name for a first call. Classes lose what stands
/// before a `>`. Throws FileError.
KerasGraph flat_graph(const KerasGraph& graph);

/// The weights at a path of flat_graph(); none where the file has none.
KerasLayerWeights weights_at(const KerasFile& file, const std::string& path);

}  // namespace hgq
