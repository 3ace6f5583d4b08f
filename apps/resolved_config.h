// The resolved config: the config of a run with all defaults of its own keys, the names of layers, and absolute paths.
// So it says what was done, and gives the same run again from any folder. It is written to the folder of a run as
// config.yaml.
#pragma once

#include <string>

#include "hgq/apps/run_config.h"
#include "hgq/config/node.h"

namespace hgq {

/// Makes it from a config that was read without errors. `layers` and `outputs` are as they were written (outputs null:
/// not given), so that a chain stays a chain. Relative paths start from `folder`. `kinds`: the kinds of layers, whose
/// aliases have default names.
Node resolved_config(const RunConfig& config, const Node& layers, const Node& outputs, const std::string& folder,
                     const LayerKinds* kinds);

/// The node with absolute paths of data files, which are the values of keys called `file`; relative paths start from
/// `folder`. `is_path` says whether the node itself is such a path. Nodes that are changed lose their places.
Node with_absolute_paths(const Node& node, const std::string& folder, bool is_path);

}  // namespace hgq
