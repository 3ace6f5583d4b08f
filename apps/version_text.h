// The text that `hgq-train --version` prints.
#pragma once

#include <string>

namespace hgq {

/// The version of hgq, those of the libraries, and compiler, instruction set and build type, one line each.
std::string version_text();

}  // namespace hgq
