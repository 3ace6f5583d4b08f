// Files that callbacks make while a run goes on, kept in memory until the next checkpoint: a model that is beaten
// before then is never written, and all that are written go to the disk together.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace hgq {

class PendingFiles {
 public:
  /// Takes the place of a file of the same path. Where the files kept grow beyond 32 MiB they are written at once.
  void add(std::string path, std::string content);
  void drop(const std::string& path);
  /// Writes each file whole or not at all, in the order in which they came; they last when it returns. Throws as
  /// write_file_atomically.
  void write();

 private:
  std::vector<std::pair<std::string, std::string>> files_;  // path, content
};

}  // namespace hgq
