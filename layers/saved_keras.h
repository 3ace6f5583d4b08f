// A model of Keras in any of the forms in which Keras saves one, as the HDF5 file of Keras 2 that it would be:
//
//   model.h5                    HDF5 of Keras 2 and 3 (keras_file.h)
//   model.keras                 the zip of Keras 2.12 and later, and of Keras 3: config.json, model.weights.h5
//   model.json and weights.h5   model.to_json(), and save_weights() in either of its two layouts
//
// The zip keeps the weights of a layer by their number, in a group that is called after the layer's class, the second
// of a class CLASS_1 ...: what the numbers are is known here for the layers of QKeras and of Keras that a proxy can
// hold.
#pragma once

#include <string>

#include "hgq/data/keras_file.h"

namespace hgq {

/// `weights`: the second file, of a JSON model; empty for the others. Throws FileError for anything else, a SavedModel
/// of TensorFlow among them, with what to do.
KerasFile read_saved_keras(const std::string& path, const std::string& weights = "");

/// Whether the file is a zip or JSON, of which only read_saved_keras() makes a model.
bool is_keras_zip(const std::string& path);

}  // namespace hgq
