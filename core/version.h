// The version of hgq, for files and reports. This is the only place that contains it: CMakeLists.txt reads it here for
// the package that `find_package(hgq)` finds.
#pragma once

namespace hgq {

/// "MAJOR.MINOR.PATCH".
inline constexpr const char* kVersion = "0.1.0";

}  // namespace hgq
