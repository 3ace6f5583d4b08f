// How libhdf5 writes a file that may be larger than the memory: by a driver of ours, for data/h5*.cpp only.
//
// libhdf5 crashes where a write fails. This driver never says so to it: it keeps the failure for who asks
// (WrittenFile::check), and writes nothing more. The bytes go to a file that appears whole or not at all
// (data/atomic_file.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>

#include "hgq/data/atomic_file.h"

namespace hgq::h5 {

/// A file that libhdf5 writes to, not yet in its place.
class WrittenFile {
 public:
  /// Throws as FileReplacement.
  explicit WrittenFile(const std::string& path) : file_(path) {}

  /// Throws what has failed since it was made.
  void check() const {
    if (failure_) std::rethrow_exception(failure_);
  }
  /// Puts the file in its place, with its seal (data/file_seal.h). What libhdf5 writes from now on, when it closes the
  /// file, is nothing new, and left out.
  void finish();

  // For the driver: failures are kept.
  void write(uint64_t address, const void* bytes, size_t size) noexcept;
  void resize(uint64_t size) noexcept;
  /// Zeros behind the end. Returns whether the bytes could be read.
  bool read(uint64_t address, void* bytes, size_t size) noexcept;
  uint64_t size() const { return size_; }

 private:
  template <typename Action>
  void keep_failure(const Action& action) noexcept;

  FileReplacement file_;
  std::exception_ptr failure_;
  uint64_t size_ = 0;
  bool finished_ = false;
};

/// For H5Pset_driver; its information is a pointer to the WrittenFile, which must outlive the file of libhdf5.
int64_t writing_driver();

}  // namespace hgq::h5
