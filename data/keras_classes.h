// Which package made a file in the layout of Keras, told by the classes of its layers.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "hgq/data/keras_file.h"

namespace hgq {

/// Whether a layer for which `is` holds is in a model or in a model inside; `is` gets the class as the file has it.
bool any_layer(const Node& layers, const std::function<bool(std::string_view class_name)>& is);

/// Whether a file has layers of QKeras (also in models inside the model).
bool is_qkeras(const KerasFile& file);

/// Whether a file has layers that only QKeras and Keras know: none of the package HGQ, and none of the classes `own`,
/// which also old files without the name of the package hold.
bool is_plain_keras(const KerasFile& file, std::span<const std::string> own = {});

}  // namespace hgq
