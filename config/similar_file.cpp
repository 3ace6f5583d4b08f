#include "hgq/config/similar_file.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"

namespace hgq {

std::string similar_file(const std::string& path, std::string_view extension) {
  namespace fs = std::filesystem;
  constexpr std::size_t kMostFiles = 4096;
  constexpr std::size_t kMostShown = 8;
  const fs::path wanted(path);
  const fs::path folder = wanted.parent_path();
  std::error_code error;
  fs::directory_iterator entries(folder.empty() ? fs::path(".") : folder, error);
  if (error) return folder.empty() ? "" : concat("; there is no folder '", folder.string(), "'");
  std::vector<std::string> names;
  for (; entries != fs::directory_iterator() && names.size() < kMostFiles; entries.increment(error)) {
    if (error) break;
    if (!entries->is_directory(error)) names.push_back(entries->path().filename().string());
  }
  std::ranges::sort(names);  // a folder has its files in any order
  const std::string near = nearest_name(wanted.filename().string(), names);
  if (!near.empty()) return concat(", did you mean '", (folder / near).string(), "'?");
  std::vector<std::string> same_kind;
  for (const std::string& name : names) {
    if (!extension.empty() && name.ends_with(extension)) same_kind.push_back(name);
  }
  if (same_kind.empty()) return "";
  const std::size_t count = same_kind.size();
  same_kind.resize(std::min(count, kMostShown));
  return concat("; ", folder.empty() ? "here" : concat("in '", folder.string(), "'"),
                count == 1 ? " there is " : " there are: ", join_names(same_kind), count > kMostShown ? ", ..." : "");
}

}  // namespace hgq
