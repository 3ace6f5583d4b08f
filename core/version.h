// The version of hgq, for files and reports.
#pragma once

namespace hgq {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace hgq
