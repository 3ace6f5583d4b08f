// A file that libhdf5 writes through a driver of ours (data/h5_driver.h), which may be larger than the memory; for
// data/h5*.cpp only.
//
// libhdf5 crashes if a write fails. So it is never told: the failure is kept for the caller (WrittenFile::check), and
// nothing more is written. The bytes go to a file that appears whole or not at all (data/atomic_file.h).
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

}  // namespace hgq::h5
