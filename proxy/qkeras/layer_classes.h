// The classes of QKeras and Keras that a proxy can be made of.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "hgq/data/keras_file.h"
#include "hgq/proxy/kinds.h"

namespace hgq {

/// Whether a layer of this class, without its package, is known to the conversion itself.
bool is_class_of_keras(std::string_view class_name);
/// Whether it does nothing outside training.
bool vanishes_in_proxy(std::string_view class_name);
/// A TimeDistributed layer as the one in it, where that acts along the last dim, or on each value, and a layer that is
/// wrapped for pruning, whose weights are pruned already: they do the same. Others as they are.
KerasNode without_wrapper(const KerasNode& node);

/// Throws FileError where no layer of a model but its inputs is known: neither of the package HGQ or one of `own`, nor
/// one of QKeras or Keras that a proxy can hold. Says which there are.
void expect_known_layers(const KerasFile& file, const ProxyKinds& kinds, std::span<const std::string> own);

}  // namespace hgq
