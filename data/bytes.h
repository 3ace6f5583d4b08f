// Where the bytes of a data file come from: the file itself, or memory (data/unpacked.h gives what is packed).
//
// The readers of NPY, IDX and CSV work on a Bytes, so that each of them reads plain and packed files alike, and large
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
  /// What messages call this: the path, "data.npz:x".
  const std::string& place() const { return place_; }
  int64_t size() const { return size_; }
  /// Fills `out` with the bytes from `offset`. Throws FileError where there are not so many.
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

/// Opens a regular file; `expected` says in messages what it should be. Throws FileError where there is no such file,
/// or it is a folder, a pipe, a device, empty, or unreadable; never waits for one.
std::unique_ptr<Bytes> open_bytes(const std::string& path, const std::string& expected = "a data file");

std::unique_ptr<Bytes> memory_bytes(std::string place, std::vector<char> content);

/// Whether the bytes begin as gzip files do.
bool is_gzip(const Bytes& bytes);

}  // namespace hgq
