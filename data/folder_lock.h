// A folder that one program at a time works in.
//
//   const FolderLock lock("runs/magic");      // ConfigError where another program has it, with its process and host
//
// The lock is an fcntl lock of the kernel on the file FOLDER/.lock: it ends with the process, however that ends; it
// holds between the machines of a network file system, where flock() on a folder does not work; and the child processes
// that read files on trial (data/h5_probe.h) do not hold it beyond the end of their parent, as they would a flock().
// Reading the folder needs no lock. The file says who holds the lock, and is removed at the end; a file that a killed
// process left behind does not keep the folder locked.
#pragma once

#include <string>

#include "hgq/core/system_file.h"

namespace hgq {

class FolderLock {
 public:
  /// The folder must be there. A process can lock a folder once. Throws RunError where the disk fails.
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  /// False on a file system that has no locks: then nobody is locked out.
  bool is_held() const { return held_; }

 private:
  std::string path_;
  Descriptor file_;
  bool held_ = false;
};

}  // namespace hgq
