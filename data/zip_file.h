// Zip files, as far as .npz files need them: members that are stored or deflated, also with zip64, and checked by their
// CRC-32.
//
//   ZipFile zip(open_bytes("data.npz"));
//   zip.names();                             // {"x.npy", "y.npy"}
//   std::unique_ptr<Bytes> x = zip.member("x.npy");
//
// A stored member is read directly from the file; a deflated one is unpacked (data/unpacked.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hgq/data/bytes.h"
#include "hgq/data/claimed_size.h"

namespace hgq {

class ZipFile {
 public:
  /// Reads the directory at the end of the file. `memory` is the number of bytes that the rows of a set may take
  /// (data/unpacked.h). Throws FileError if the directory is missing or damaged.
  explicit ZipFile(std::shared_ptr<const Bytes> bytes, int64_t memory = physical_memory() / 2);

  std::vector<std::string> names() const;
  bool has(const std::string& name) const { return find(name) != nullptr; }
  /// The unpacked size of a member that the directory claims; 0 if there is no such member.
  uint64_t claimed_size(const std::string& name) const { return has(name) ? find(name)->size : 0; }
  /// Throws FileError if there is no such member, if it is encrypted or packed in an unknown way, or if its contents do
  /// not match its CRC.
  std::unique_ptr<Bytes> member(const std::string& name) const;

  static bool looks_like_zip(const Bytes& bytes);

 private:
  struct Entry {
    std::string name;
    uint64_t flags = 0, method = 0, crc = 0, packed_size = 0, size = 0, header_offset = 0;
  };
  const Entry* find(const std::string& name) const;
  void read_directory();
  Entry read_entry(int64_t& offset) const;
  static void read_zip64(Entry& entry, std::span<const char> extra);

  std::shared_ptr<const Bytes> bytes_;  // shared with its members
  int64_t memory_;
  std::vector<Entry> entries_;
};

}  // namespace hgq
