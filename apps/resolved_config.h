// The resolved config: what a run was told with every default of the frame, names of layers and absolute paths written
// out, so that it says what was done and reruns the same from any folder. It is written as config.yaml into the folder
// of a run.
#pragma once

#include <string>

#include "hgq/apps/run_config.h"
#include "hgq/config/node.h"

namespace hgq {

/// From a config that was read without an error. `layers`, `outputs`: as they were written (outputs null: not given),
/// since a chain stays a chain; `folder`: where relative paths begin; `kinds`: of layers, whose aliases give names.
Node resolved_config(const RunConfig& config, const Node& layers, const Node& outputs, const std::string& folder,
                     const LayerKinds* kinds);

/// The node with absolute paths of data files, which are the values of keys called `file`; relative ones start from
/// `folder`. `is_path`: whether the node itself is such a value. Places of what is changed are lost.
Node with_absolute_paths(const Node& node, const std::string& folder, bool is_path);

}  // namespace hgq
