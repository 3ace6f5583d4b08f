// Keys that convolutions and pooling share: sizes along one or two dims, padding, order of the dims.
#pragma once

#include <string>
#include <vector>

#include "hgq/config/config_reader.h"
#include "hgq/core/window.h"

namespace hgq {

/// One positive integer for each of `rank` dims; one alone serves all. Without the key `fallback` for each, or, where
/// that is 0, an error.
std::vector<int64_t> read_sizes(ConfigReader& c, const std::string& key, std::string_view doc, int rank,
                                int64_t fallback);
/// `causal`: whether that is one of the choices.
Padding read_padding(ConfigReader& c, bool causal);
/// Refuses channels_first.
void read_data_format(ConfigReader& c);

}  // namespace hgq
