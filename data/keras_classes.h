// Finds out from the classes of its layers which package made a file in the layout of Keras.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "hgq/data/keras_file.h"

namespace hgq {

/// Whether `is` is true for the class of any layer in a model, or in a model inside it; `is` is given the class as it
/// is in the file.
bool any_layer(const Node& layers, const std::function<bool(std::string_view class_name)>& is);

/// Whether a file has layers of QKeras, also in models inside the model.
bool is_qkeras(const KerasFile& file);

/// Whether a file has only layers of Keras and QKeras: none of the package HGQ, and none of the classes `own`, which
/// old files contain without the name of the package.
bool is_plain_keras(const KerasFile& file, std::span<const std::string> own = {});

}  // namespace hgq
