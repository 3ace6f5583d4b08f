// Checks whether a file that is given as a config can be one.
#pragma once

#include <string>

#include "hgq/config/node.h"

namespace hgq {

/// Whether the file at `path` can be a config. If not, adds an error that says what it is instead: no file (and which
/// files have similar names), the folder of a run, a model, or data.
bool can_be_config(const std::string& path, ErrorList& errors);

/// Whether what was read from it has sections. If not, adds an error, unless there are errors already: it is empty, a
/// list, or the file of a sweep.
bool has_sections(const Node& tree, const std::string& path, ErrorList& errors);

}  // namespace hgq
