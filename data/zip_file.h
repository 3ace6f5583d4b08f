// Zip files, as far as .npz needs them: members stored or deflated, zip64 included, checked by their CRC-32.
//
//   ZipFile zip(open_bytes("data.npz"));
//   zip.names();                             // {"x.npy", "y.npy"}
//   std::unique_ptr<Bytes> x = zip.member("x.npy");
//
// A stored member is read from the file where it lies; a deflated one is unpacked (data/unpacked.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hgq/data/bytes.h"
#include "hgq/data/claimed_size.h"

namespace hgq {

class ZipFile {
 public:
  /// Reads the directory at the end. Throws FileError where it is missing or damaged.
  /// `memory`: bytes that the rows of a set may take (data/unpacked.h).
  explicit ZipFile(std::shared_ptr<const Bytes> bytes, int64_t memory = physical_memory() / 2);

  std::vector<std::string> names() const;
  bool has(const std::string& name) const { return find(name) != nullptr; }
  /// Bytes that the directory says a member has, unpacked; 0 where there is none.
  uint64_t claimed_size(const std::string& name) const { return has(name) ? find(name)->size : 0; }
  /// Throws FileError where there is no such member, it is packed or encrypted in an unknown way, or does not give what
  /// its CRC says.
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

  std::shared_ptr<const Bytes> bytes_;  // shared with the members that lie in it
  int64_t memory_;
  std::vector<Entry> entries_;
};

}  // namespace hgq
