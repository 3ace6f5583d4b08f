// The keys that convolutions and pooling share: sizes along one or two dimensions, padding, and the order of the
// dimensions.
#pragma once

#include <string>
#include <vector>

#include "hgq/config/config_reader.h"
#include "hgq/core/window.h"

namespace hgq {

/// One positive integer for each of `rank` dimensions; a single number is for all of them. If the key is missing,
/// `fallback` for each, or an error if `fallback` is 0.
std::vector<int64_t> read_sizes(ConfigReader& c, const std::string& key, std::string_view doc, int rank,
                                int64_t fallback);
/// `causal`: whether causal padding is one of the choices.
Padding read_padding(ConfigReader& c, bool causal);
/// Adds an error if the value is channels_first.
void read_data_format(ConfigReader& c);

}  // namespace hgq
