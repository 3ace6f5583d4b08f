// A config as a list of values, each with its path, to see in what two runs differ.
//
//   ErrorList errors;
//   const Node config = Node::from_yaml("model: {layers: [HDense: {name: h, units: 16}]}", "text", errors);
//   for (const auto& [path, value] : report::config_leaves(config)) std::puts(path.c_str());     // model.layers.h.units
//
// An item of a list is named by its `name` (a layer) or its kind (a callback), where no other item has that name;
// otherwise by its index from 0. A list without maps is one value.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "hgq/config/node.h"

namespace hgq::report {

std::vector<std::pair<std::string, std::string>> config_leaves(const Node& config);

/// What stands at a path of maps, in one line of YAML of at most about 80 characters; empty if there is nothing.
std::string value_in_short(const Node& config, const std::string& path);

/// The last part of each path, or as much of its end as tells it from the others.
std::vector<std::string> short_paths(const std::vector<std::string>& paths);

}  // namespace hgq::report
