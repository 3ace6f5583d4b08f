// The layers that a QKeras activation adds to a proxy, other than ReLUs and functions that hls4ml knows.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hgq/data/keras_file.h"
#include "hgq/proxy/builder.h"
#include "hgq/proxy/qkeras/activation_quantizers.h"

namespace hgq {

/// Reads the key `activation` of a layer, which may contain an activation layer.
QKerasQuantizer qkeras_activation_key(const KerasNode& node, ErrorList& errors);

/// One type for all elements.
QuantizerTypes qkeras_type(const Kbi& type);

/// Adds a function as a UnaryLUT `name`, and its quantizer. If the input has too many bits for a table, a quantizer
/// NAME_range first removes those bits for which the function no longer changes. Returns the class and the reference of
/// each layer that was added, in order. Throws ConfigError if the table is still too large.
std::vector<std::pair<std::string_view, ProxyRef>> add_qkeras_table(ProxyBuilder& builder,
                                                                    const QKerasActivation& activation, ProxyRef input,
                                                                    const std::string& name,
                                                                    const std::string& quantizer_name);

}  // namespace hgq
