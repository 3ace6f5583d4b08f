// Files that appear whole or not at all.
//
// The content goes to a temporary file beside the target ("model.h5.part"), is forced to the disk, and takes the
// target's name in one step of the file system. Whoever looks, whenever the process is killed or the power fails, finds
// the old file, the new file, or none, but never a part of one. A left-over ".part" of a killed process is replaced by
// the next writing; one that another process is still writing is locked, and not touched.
//
//   write_file_atomically("summary.json", text);
//
// Several files, with the folder forced to the disk once:
//
//   for (const auto& [path, content] : files) replace_file(path, content);
//   force_folder_to_disk("runs/magic/pareto");
//
// Throws FileError where the folder does not exist, may not be written, or the target is no file, RunError where the
// disk is full or fails. The target is as it was then, and there is no temporary file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hgq/core/system_file.h"

namespace hgq {

/// A file that is being written, for content that comes piece by piece.
class FileReplacement {
 public:
  explicit FileReplacement(std::string path);
  /// Removes the temporary file if finish() has not put it in place.
  ~FileReplacement();
  FileReplacement(const FileReplacement&) = delete;
  FileReplacement& operator=(const FileReplacement&) = delete;

  void write(std::string_view content);
  /// The same at any place, for content that does not come in order; write() knows nothing of it.
  void write_at(int64_t offset, std::string_view content);
  /// Cuts the content, or adds zeros.
  void resize(int64_t size);
  /// Where the content stands until finish(), for who reads it again.
  const std::string& temporary_path() const { return temporary_path_; }
  /// Forces the content to the disk and gives the file its name. The name lasts once its folder is forced to the disk.
  void finish();

 private:
  /// Throws unless a call of the system has written something, or is to be repeated.
  void check_written(int64_t bytes) const;

  std::string path_;
  std::string temporary_path_;
  Descriptor file_;
};

/// Replaces the file, or makes it; force_folder_to_disk() is the caller's.
void replace_file(const std::string& path, std::string_view content);

/// Makes names given and removed in a folder last.
void force_folder_to_disk(const std::string& folder);

/// Both: when it returns, the file lasts.
void write_file_atomically(const std::string& path, std::string_view content);

/// Removes the temporary files in a folder that killed processes left; those that are being written stay.
void remove_left_overs(const std::string& folder);

/// The folder that a file lies in; "." where the path has none.
std::string folder_of(const std::string& path);

}  // namespace hgq
