// Reads only the weights of a Keras 2 file, without the model to which they belong.
#pragma once

#include <vector>

#include "hgq/data/h5.h"
#include "hgq/data/keras_file.h"

namespace hgq {

/// The weights in a group with an attribute layer_names: the group model_weights of a model, or the root of a file that
/// save_weights() has written. Throws FileError if they cannot be read.
std::vector<KerasLayerWeights> read_keras_layers(const h5::Group& weights);

}  // namespace hgq
