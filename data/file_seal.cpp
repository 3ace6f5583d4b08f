#include "hgq/data/file_seal.h"

#include <zlib.h>

#include <algorithm>
#include <vector>

#include "hgq/core/error.h"

namespace hgq {
namespace {

constexpr std::string_view kMark = "\nhgqseal";
constexpr int64_t kSealSize = 24;  // mark, size of 8 bytes, CRC of 4, four zeros

std::string little_endian(uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFFU);
  return out;
}

std::string make_seal(int64_t size, uint32_t crc) {
  return concat(kMark, little_endian(static_cast<uint64_t>(size), 8), little_endian(crc, 4), std::string(4, '\0'));
}

/// CRC-32 of the first `size` bytes.
uint32_t crc_of(const Bytes& file, int64_t size) {
  std::vector<char> piece(static_cast<size_t>(std::min(size, int64_t{1} << 20U)));
  uLong crc = crc32(0, nullptr, 0);
  for (int64_t offset = 0; offset < size;) {
    const int64_t count = std::min<int64_t>(static_cast<int64_t>(piece.size()), size - offset);
    file.read(offset, std::span(piece).first(static_cast<size_t>(count)));
    crc = crc32(crc, reinterpret_cast<const Bytef*>(piece.data()), static_cast<uInt>(count));
    offset += count;
  }
  return static_cast<uint32_t>(crc);
}

}  // namespace

std::string seal_of(std::span<const char> content) {
  const uLong crc = crc32_z(crc32(0, nullptr, 0), reinterpret_cast<const Bytef*>(content.data()), content.size());
  return make_seal(static_cast<int64_t>(content.size()), static_cast<uint32_t>(crc));
}

std::string seal_of(const Bytes& content) { return make_seal(content.size(), crc_of(content, content.size())); }

void check_seal(const Bytes& file) {
  if (file.size() < kSealSize) return;
  const int64_t size = file.size() - kSealSize;
  std::string seal(static_cast<size_t>(kSealSize), '\0');
  file.read(size, seal);
  if (!seal.starts_with(kMark)) return;
  HGQ_CHECK(seal == make_seal(size, crc_of(file, size)), FileError, file.place(),
            ": is damaged: its bytes do not match the checksum at its end");
}

}  // namespace hgq
