// What `hgq-train --version` prints.
#pragma once

#include <string>

namespace hgq {

/// Lines: hgq and its version; the libraries with theirs; compiler, instruction set and kind of build.
std::string version_text();

}  // namespace hgq
