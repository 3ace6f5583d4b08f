// A Keras file as one JSON text, so that its structure, not the bytes of HDF5, is what is mutated.
//
//   {"model_config": {...}, "layers": [{"layer": "dense", "weights": [{"name": "dense/kernel:0", "shape": [4, 2],
//    "int8": false, "values": [0.5, -1]}]}], "hgq": {...}}
//
// `values` are repeated to fill the shape.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "hgq/data/keras_file.h"

namespace hgq::fuzz {

/// Throws FileError where the text is no such document.
KerasFile keras_file_of(const nlohmann::json& document);

/// Null where it is not JSON, or nested deeper than a model is.
nlohmann::json parse(std::string_view text);

}  // namespace hgq::fuzz
