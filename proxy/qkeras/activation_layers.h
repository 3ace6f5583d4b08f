// What a QKeras activation adds to a proxy, beside ReLUs and functions that hls4ml knows.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hgq/data/keras_file.h"
#include "hgq/proxy/builder.h"
#include "hgq/proxy/qkeras/activation_quantizers.h"

namespace hgq {

/// The key `activation` of a layer, which may hold an activation layer.
QKerasQuantizer qkeras_activation_key(const KerasNode& node, ErrorList& errors);

/// One type for all elements.
QuantizerTypes qkeras_type(const Kbi& type);

/// A function as a UnaryLUT `name`, and its quantizer. Where the input has more bits than a table should have entries
/// for, those in which the function does not change any more are cut off first, by a quantizer NAME_range. Returns
/// class and place of what was added, in order. Throws ConfigError where the table is still too large.
std::vector<std::pair<std::string_view, ProxyRef>> add_qkeras_table(ProxyBuilder& builder,
                                                                    const QKerasActivation& activation, ProxyRef input,
                                                                    const std::string& name,
                                                                    const std::string& quantizer_name);

}  // namespace hgq
