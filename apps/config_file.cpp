#include "hgq/apps/config_file.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "hgq/core/error.h"
#include "hgq/core/similar_file.h"

namespace hgq {
namespace {

namespace fs = std::filesystem;

/// What a file is, by its first bytes; empty where it may be text.
std::string_view binary_kind(std::string_view head) {
  using Magic = std::pair<std::string_view, std::string_view>;
  constexpr std::array<Magic, 5> kMagic{{{"\x89HDF\r\n\x1a\n", "an HDF5 file (a model, or data)"},
                                         {"PK\x03\x04", "a zip archive (data in NPZ, or a .keras file)"},
                                         {"\x93NUMPY", "an array of NumPy"},
                                         {"\x1f\x8b", "a file packed by gzip"},
                                         {std::string_view("\0\0\x08", 3), "an IDX file"}}};
  for (const auto& [magic, kind] : kMagic) {
    if (head.starts_with(magic)) return kind;
  }
  return "";
}

/// Rows of numbers or words with separators, and nothing that a map would have.
bool like_table(std::string_view head, const fs::path& path) {
  const std::string extension = path.extension().string();
  if (extension == ".csv" || extension == ".tsv") return true;
  const std::string_view line = head.substr(0, head.find('\n'));
  const bool separated =
      std::ranges::any_of(std::string_view(",;\t"), [&](char c) { return std::ranges::count(line, c) > 1; });
  return separated && line.find_first_of(":{[#") == std::string_view::npos && !line.starts_with("-");
}

}  // namespace

bool can_be_config(const std::string& path, ErrorList& errors) {
  constexpr std::string_view kExpected = ", expected a config (YAML)";
  const auto refuse = [&](const std::string& message) {
    errors.add(path, message);
    return false;
  };
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return refuse("there is no such file" + similar_file(path, ".yaml"));
  if (fs::is_directory(status)) {
    const std::string inside = (fs::path(path) / "config.yaml").string();
    return refuse(
        concat("is a folder", kExpected, fs::exists(inside, error) ? concat(", did you mean '", inside, "'?") : ""));
  }
  if (!fs::is_regular_file(status)) return true;  // what reads it says more
  std::string head(4096, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(file.gcount()));
  const std::string_view kind = binary_kind(head);
  if (kind.starts_with("an HDF5"))
    return refuse(concat("is ", kind, kExpected,
                         "; 'hgq-train summary' shows a model, and data are named in a config as data.file"));
  if (!kind.empty()) return refuse(concat("is ", kind, kExpected, "; data are named in a config as data.file"));
  if (like_table(head, path))
    return refuse(concat("looks like a table of data", kExpected, "; data are named in a config as data.file"));
  return true;
}

}  // namespace hgq
