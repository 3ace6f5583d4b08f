// Files that callbacks make during a run, kept in memory until the next checkpoint. A model that is beaten before that
// is never written, and all others are written together.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace hgq {

/// A file whose content is computed when it is written.
struct PendingFile {
  std::string path;
  std::function<std::string()> content;
  int64_t kept_bytes = 0;  // of memory that are kept for it until then
};

class PendingFiles {
 public:
  /// Adds a file; it replaces one with the same path. If more than 32 MiB are kept, all files are written at once.
  void add(PendingFile file);
  /// Forgets the file with this path, if there is one.
  void drop(const std::string& path);
  /// Writes each file whole or not at all, in the order in which they were added; they are on the disk when it returns.
  /// Throws what write_file_atomically() throws.
  void write();

 private:
  std::vector<PendingFile> files_;
};

}  // namespace hgq
