// A folder for the time of some work.
#pragma once

#include <filesystem>
#include <string_view>

namespace hgq {

/// A new folder with a name that nothing else has. It is removed in the end, with what is in it.
class ScratchFolder {
 public:
  /// In `parent`, with a name that begins with `prefix`. Throws as throw_system_error().
  ScratchFolder(const std::filesystem::path& parent, std::string_view prefix);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Where the system has temporary files: TMPDIR, or /tmp. Throws as throw_system_error() if that is no folder.
std::filesystem::path folder_for_temporary_files();

}  // namespace hgq
