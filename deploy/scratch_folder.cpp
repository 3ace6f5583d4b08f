#include "hgq/deploy/scratch_folder.h"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "hgq/core/error.h"
#include "hgq/core/system_file.h"

namespace hgq {

namespace fs = std::filesystem;

ScratchFolder::ScratchFolder(const fs::path& parent, std::string_view prefix) {
  std::string pattern = (parent / concat(prefix, "XXXXXX")).string();
  if (mkdtemp(pattern.data()) == nullptr)
    throw_system_error(concat("cannot make a folder in '", parent.string(), "'"), errno);
  path_ = pattern;
}

ScratchFolder::~ScratchFolder() {
  // A file that a dying program still wrote, or a disk that failed once, is no reason to leave the others.
  constexpr int kMostTries = 3;
  std::error_code error;
  for (int i = 0; i < kMostTries; ++i) {
    fs::remove_all(path_, error);
    if (!error) return;
  }
}

fs::path folder_for_temporary_files() {
  std::error_code error;
  fs::path path = fs::temp_directory_path(error);
  const char* const given = std::getenv("TMPDIR");
  if (error)
    throw_system_error(concat("the folder for temporary files, TMPDIR='", given == nullptr ? "" : given, "'"),
                       error.value());
  return path;
}

}  // namespace hgq
