// Files that callbacks make while a run goes on, kept in memory until the next checkpoint: a model that is beaten
// before then is never written, and all that are written go to the disk together.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace hgq {

/// A file whose content is made when it is written.
struct PendingFile {
  std::string path;
  std::function<std::string()> content;
  int64_t kept_bytes = 0;  // that are kept for it until then
};

class PendingFiles {
 public:
  /// Takes the place of a file of the same path. Where what is kept grows beyond 32 MiB all are written at once.
  void add(PendingFile file);
  void drop(const std::string& path);
  /// Writes each file whole or not at all, in the order in which they came; they last when it returns. Throws as
  /// write_file_atomically.
  void write();

 private:
  std::vector<PendingFile> files_;
};

}  // namespace hgq
