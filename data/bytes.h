// The bytes of a data file: those of the file itself, or in memory (data/unpacked.h: those of a packed file).
//
// The readers of NPY, IDX and CSV read from a Bytes, so that each of them can read plain and packed files, and large
// files piece by piece.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace hgq {

class Bytes {
 public:
  virtual ~Bytes() = default;
  /// The name of these bytes in messages: the path, or "data.npz:x".
  const std::string& place() const { return place_; }
  int64_t size() const { return size_; }
  /// Fills `out` with the bytes from `offset` on. Throws FileError if there are not enough.
  void read(int64_t offset, std::span<char> out) const;
  /// The first bytes, `count` at most.
  std::string front(int64_t count) const;

 protected:
  Bytes(std::string place, int64_t size) : place_(std::move(place)), size_(size) {}

 private:
  virtual void read_checked(int64_t offset, std::span<char> out) const = 0;

  std::string place_;
  int64_t size_;
};

/// Opens a regular file; `expected` says in messages what it should be. Throws FileError if the file does not exist, is
/// a folder, a pipe or a device, is empty, or cannot be read. Never waits for a pipe.
std::unique_ptr<Bytes> open_bytes(const std::string& path, const std::string& expected = "a data file");

std::unique_ptr<Bytes> memory_bytes(std::string place, std::vector<char> content);

/// Whether the bytes begin as gzip files do.
bool is_gzip(const Bytes& bytes);

}  // namespace hgq
