// The classes of QKeras and Keras from which a proxy can be made.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "hgq/data/keras_file.h"
#include "hgq/proxy/kinds.h"

namespace hgq {

/// Whether a layer of this class, without its package, is known to the conversion itself.
bool is_class_of_keras(std::string_view class_name);
/// Whether a layer of this class does nothing outside training.
bool vanishes_in_proxy(std::string_view class_name);
/// For a TimeDistributed layer the layer inside it, if that acts along the last dimension or on each value; for a layer
/// that is wrapped for pruning the layer inside it, whose weights are pruned already. Both compute the same. Other
/// layers are returned unchanged.
KerasNode without_wrapper(const KerasNode& node);

/// Throws FileError, which lists the classes, if no layer of a model except its inputs is known: neither of the package
/// HGQ or one of `own`, nor one of QKeras or Keras that can be in a proxy.
void expect_known_layers(const KerasFile& file, const ProxyKinds& kinds, std::span<const std::string> own);

}  // namespace hgq
