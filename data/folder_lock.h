// A lock on a folder in which only one program may work at a time.
//
//   const FolderLock lock("runs/magic");      // ConfigError if another program has it, with its process and host
//
// The lock is an fcntl lock of the kernel on the file FOLDER/.lock: it ends with the process, however that ends; it
// also works between the machines of a network file system, where flock() on a folder does not; and child processes,
// such as those that first read a file (data/h5_probe.h), do not keep it after the end of their parent, as they would
// keep a flock(). Reading the folder needs no lock. The file says who holds the lock, and is removed at the end; a file
// that a killed process left behind does not keep the folder locked.
#pragma once

#include <optional>
#include <string>

#include "hgq/core/system_file.h"

namespace hgq {

class FolderLock {
 public:
  /// The folder must exist. A process must not lock the same folder twice. Throws ConfigError if another program has
  /// the lock, RunError if the disk fails.
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  /// False on a file system without locks, on which the folder is not protected.
  bool is_held() const { return held_; }

  /// The process that has the lock of a folder, 0 if it runs on another machine; nullopt if nobody has it. This process
  /// must not have the lock itself: looking would end it.
  static std::optional<int> process_with(const std::string& folder);
  static bool is_taken(const std::string& folder) { return process_with(folder).has_value(); }

 private:
  std::string path_;
  Descriptor file_;
  bool held_ = false;
};

}  // namespace hgq
