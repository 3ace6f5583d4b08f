// The classes of QKeras and Keras that a proxy can be made of.
#pragma once

#include <string_view>

#include "hgq/data/keras_file.h"

namespace hgq {

/// Whether a layer of this class, without its package, is known to the conversion itself.
bool is_class_of_keras(std::string_view class_name);
/// Whether it does nothing outside training.
bool vanishes_in_proxy(std::string_view class_name);
/// A TimeDistributed layer as the one in it, where that acts along the last dim, or on each value, and a layer that is
/// wrapped for pruning, whose weights are pruned already: they do the same. Others as they are.
KerasNode without_wrapper(const KerasNode& node);

}  // namespace hgq
