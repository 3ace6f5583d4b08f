// A folder for the files of one test, removed with all its content when the test ends.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "hgq/core/error.h"

namespace hgq {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "hgq_test_XXXXXX").string();
    HGQ_CHECK(mkdtemp(name.data()) != nullptr, RunError, name, ": no temporary folder");
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path() const { return path_; }

 private:
  std::string path_;
};

/// "folder / name" as text.
inline std::string operator/(const TemporaryFolder& folder, const std::string& name) {
  return folder.path() + "/" + name;
}

/// Writes `content` into a new file and returns its path.
inline std::string write_text(const TemporaryFolder& folder, const std::string& name, const std::string& content) {
  std::ofstream(folder / name, std::ios::binary) << content;
  return folder / name;
}

}  // namespace hgq
