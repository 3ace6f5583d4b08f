// What a message adds to the path of a file that does not exist.
#pragma once

#include <string>
#include <string_view>

namespace hgq {

/// ", did you mean 'a/demo.yaml'?" if the folder of `path` has a file with a similar name; otherwise "; in 'a' there
/// are: x.yaml, y.yaml" if it has files that end in `extension` (".yaml"; may be empty); "; there is no folder 'a'" if
/// the folder does not exist; otherwise "". Only the first few thousand files of the folder are read.
std::string similar_file(const std::string& path, std::string_view extension = "");

}  // namespace hgq
