// Files that appear complete or not at all.
//
// The content is written to a temporary file beside the target ("model.h5.part") and forced to the disk; then the file
// gets the name of the target in one operation of the file system. Whenever the process is killed or the power fails,
// there is the old file, the new file, or none, but never a part of one. The ".part" file that a killed process left is
// replaced when the file is written the next time. A ".part" file that another process is still writing is locked, and
// is not touched.
//
//   write_file_atomically("summary.json", text);
//
// Several files, with the folder forced to the disk once:
//
//   for (const auto& [path, content] : files) replace_file(path, content);
//   force_folder_to_disk("runs/magic/pareto");
//
// Throws FileError if the folder does not exist or may not be written, or if the target is not a file; throws RunError
// if the disk is full or fails. Then the target is unchanged, and there is no temporary file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hgq/core/system_file.h"

namespace hgq {

/// A file that is being written, for content that is given piece by piece.
class FileReplacement {
 public:
  explicit FileReplacement(std::string path);
  /// Removes the temporary file unless finish() has succeeded.
  ~FileReplacement();
  FileReplacement(const FileReplacement&) = delete;
  FileReplacement& operator=(const FileReplacement&) = delete;

  void write(std::string_view content);
  /// Writes at any offset, for content that is not given in order. It does not change where write() continues.
  void write_at(int64_t offset, std::string_view content);
  /// Truncates the content, or extends it with zeros.
  void resize(int64_t size);
  /// The path of the content until finish(), so that it can be read again.
  const std::string& temporary_path() const { return temporary_path_; }
  /// Forces the content to the disk and gives the file its name. The name is permanent once force_folder_to_disk() has
  /// been called for the folder.
  void finish();

 private:
  /// Throws if a call of the system has failed for good; a call that was only interrupted is to be repeated.
  void check_written(int64_t bytes) const;

  std::string path_;
  std::string temporary_path_;
  Descriptor file_;
};

/// Replaces the file, or makes it. The caller calls force_folder_to_disk().
void replace_file(const std::string& path, std::string_view content);

/// Writes behind the first `size` bytes of a file, which is all that it has, and forces that to the disk. This is the
/// one way in which a file may be seen with a part of what is written to it: whoever reads it leaves out what stands
/// behind its last whole line. Throws as above; then the file is cut back to what it was, if the disk still allows
/// that.
void append_to_file(const std::string& path, int64_t size, std::string_view content);

/// Forces to the disk which names were given and removed in a folder.
void force_folder_to_disk(const std::string& folder);

/// Does both: when it returns, the file is permanent.
void write_file_atomically(const std::string& path, std::string_view content);

/// Removes the temporary files that killed processes left in a folder. Files that are being written stay.
void remove_left_overs(const std::string& folder);

/// The folder of a file; "." if the path contains none.
std::string folder_of(const std::string& path);

}  // namespace hgq
