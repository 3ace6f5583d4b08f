// What was given where a config is expected.
#pragma once

#include <string>

#include "hgq/config/node.h"

namespace hgq {

/// Whether the file at `path` can be a config; else adds an error that says what it is instead: nothing (with files of
/// similar names), the folder of a run, a model, data.
bool can_be_config(const std::string& path, ErrorList& errors);

}  // namespace hgq
