// What a message adds to the path of a file that does not exist.
#pragma once

#include <string>
#include <string_view>

namespace hgq {

/// ", did you mean 'a/demo.yaml'?" where the folder of `path` has a file with a similar name; else, where it holds
/// files with the ending `extension` (".yaml"; may be empty), "; in 'a' there are: x.yaml, y.yaml"; where the folder
/// itself does not exist "; there is no folder 'a'"; else "". Looks at the first few thousand files of the folder.
std::string similar_file(const std::string& path, std::string_view extension = "");

}  // namespace hgq
