#include "hgq/data/zip_file.h"

#include <zlib.h>

#include <algorithm>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/data/unpacked.h"

namespace hgq {
namespace {

constexpr int64_t kEndSize = 22;
constexpr int64_t kLongestComment = 65535;
constexpr uint64_t kIn64 = 0xffffffffU;  // the value is in the zip64 extra field

/// Little-endian number of `count` bytes.
uint64_t number(std::span<const char> bytes, size_t offset, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i) value |= uint64_t{static_cast<unsigned char>(bytes[offset + i])} << (8 * i);
  return value;
}

/// A member that is stored without packing: a range of the file, whose CRC the constructor has checked.
class Window : public Bytes {
 public:
  Window(std::string place, std::shared_ptr<const Bytes> bytes, int64_t offset, int64_t size)
      : Bytes(std::move(place), size), bytes_(std::move(bytes)), offset_(offset) {}

 private:
  void read_checked(int64_t offset, std::span<char> out) const override { bytes_->read(offset_ + offset, out); }

  std::shared_ptr<const Bytes> bytes_;  // shared with the zip file and its other members
  int64_t offset_;
};

uint64_t crc_of(const Bytes& bytes) {
  std::vector<char> piece(size_t{1} << 20U);
  uLong crc = crc32(0, nullptr, 0);
  for (int64_t offset = 0; offset < bytes.size();) {
    const int64_t count = std::min<int64_t>(static_cast<int64_t>(piece.size()), bytes.size() - offset);
    bytes.read(offset, std::span(piece).first(static_cast<size_t>(count)));
    crc = crc32(crc, reinterpret_cast<const Bytef*>(piece.data()), static_cast<uInt>(count));
    offset += count;
  }
  return crc;
}

}  // namespace

bool ZipFile::looks_like_zip(const Bytes& bytes) {
  const std::string front = bytes.front(4);
  return front == std::string("PK\3\4", 4) || front == std::string("PK\5\6", 4);
}

ZipFile::ZipFile(std::shared_ptr<const Bytes> bytes, int64_t memory) : bytes_(std::move(bytes)), memory_(memory) {
  read_directory();
}

void ZipFile::read_directory() {
  const std::string& place = bytes_->place();
  const int64_t tail_size = std::min(bytes_->size(), kEndSize + kLongestComment);
  const int64_t tail_offset = bytes_->size() - tail_size;
  std::string tail(static_cast<size_t>(tail_size), '\0');
  bytes_->read(tail_offset, tail);
  const size_t end = tail.rfind(std::string("PK\5\6", 4));
  HGQ_CHECK(end != std::string::npos && tail.size() - end >= static_cast<size_t>(kEndSize), FileError, place,
            ": is a zip file without its directory at the end; it is cut off");
  uint64_t count = number(tail, end + 10, 2);
  uint64_t offset = number(tail, end + 16, 4);
  constexpr size_t kLocator = 20;
  if ((count == 0xffffU || offset == kIn64) && end >= kLocator && tail.compare(end - kLocator, 4, "PK\6\7") == 0) {
    std::string end64(56, '\0');
    bytes_->read(static_cast<int64_t>(number(tail, end - kLocator + 8, 8) & INT64_MAX), end64);
    HGQ_CHECK(end64.starts_with("PK\6\6"), FileError, place, ": its zip64 directory is damaged");
    count = number(end64, 32, 8);
    offset = number(end64, 48, 8);
  }
  HGQ_CHECK(count <= static_cast<uint64_t>(bytes_->size()) / 46, FileError, place, ": its directory claims ", count,
            " members; it is damaged");
  auto position = static_cast<int64_t>(offset & INT64_MAX);
  for (uint64_t i = 0; i < count; ++i) entries_.push_back(read_entry(position));
}

ZipFile::Entry ZipFile::read_entry(int64_t& offset) const {
  std::string head(46, '\0');
  bytes_->read(offset, head);
  HGQ_CHECK(head.starts_with("PK\1\2"), FileError, bytes_->place(), ": its directory is damaged at byte ", offset);
  Entry entry;
  entry.flags = number(head, 8, 2);
  entry.method = number(head, 10, 2);
  entry.crc = number(head, 16, 4);
  entry.packed_size = number(head, 20, 4);
  entry.size = number(head, 24, 4);
  entry.header_offset = number(head, 42, 4);
  const auto name_size = static_cast<int64_t>(number(head, 28, 2));
  const auto extra_size = static_cast<int64_t>(number(head, 30, 2));
  const auto comment_size = static_cast<int64_t>(number(head, 32, 2));
  entry.name.resize(static_cast<size_t>(name_size));
  bytes_->read(offset + 46, entry.name);
  std::string extra(static_cast<size_t>(extra_size), '\0');
  bytes_->read(offset + 46 + name_size, extra);
  read_zip64(entry, extra);
  offset += 46 + name_size + extra_size + comment_size;
  return entry;
}

void ZipFile::read_zip64(Entry& entry, std::span<const char> extra) {
  size_t at = 0;
  while (extra.size() - at >= 4) {
    const uint64_t kind = number(extra, at, 2);
    const auto size = static_cast<size_t>(number(extra, at + 2, 2));
    at += 4;
    if (size > extra.size() - at) return;
    if (kind == 1) {
      size_t field = at;
      for (uint64_t* value : {&entry.size, &entry.packed_size, &entry.header_offset}) {
        if (*value != kIn64 || field + 8 > at + size) continue;
        *value = number(extra, field, 8);
        field += 8;
      }
    }
    at += size;
  }
}

std::vector<std::string> ZipFile::names() const {
  std::vector<std::string> names;
  for (const Entry& entry : entries_) names.push_back(entry.name);
  return names;
}

const ZipFile::Entry* ZipFile::find(const std::string& name) const {
  const auto found = std::ranges::find(entries_, name, &Entry::name);
  return found == entries_.end() ? nullptr : &*found;
}

std::unique_ptr<Bytes> ZipFile::member(const std::string& name) const {
  const Entry* entry = find(name);
  const std::string place = concat(bytes_->place(), ":", name);
  HGQ_CHECK(entry != nullptr, FileError, place, ": does not exist");
  HGQ_CHECK((entry->flags & 1U) == 0, FileError, place, ": is encrypted");
  HGQ_CHECK(entry->method == 0 || entry->method == 8, FileError, place, ": is packed by method ", entry->method,
            "; only stored and deflated members can be read");
  const auto total = static_cast<uint64_t>(bytes_->size());
  HGQ_CHECK(entry->header_offset < total && entry->packed_size <= total && entry->size <= uint64_t{1} << 60U, FileError,
            place, ": the sizes in its directory do not fit the file; it is damaged");
  const auto header = static_cast<int64_t>(entry->header_offset);
  std::string head(30, '\0');
  bytes_->read(header, head);
  HGQ_CHECK(head.starts_with("PK\3\4"), FileError, place,
            ": does not begin at the offset in the directory; the file is damaged");
  const int64_t begin = header + 30 + static_cast<int64_t>(number(head, 26, 2) + number(head, 28, 2));
  const auto packed_size = static_cast<int64_t>(entry->packed_size);
  HGQ_CHECK(begin <= bytes_->size() && packed_size <= bytes_->size() - begin, FileError, place, ": is cut off");
  std::unique_ptr<Bytes> bytes = std::make_unique<Window>(place, bytes_, begin, packed_size);
  HGQ_CHECK(entry->method == 8 || entry->size == entry->packed_size, FileError, place,
            ": two sizes of a stored member differ; the file is damaged");
  if (entry->method == 8)
    return unpacked({.bytes = std::move(bytes), .size = static_cast<int64_t>(entry->size), .crc32 = entry->crc},
                    memory_);
  HGQ_CHECK(crc_of(*bytes) == entry->crc, FileError, place,
            ": its content does not match its checksum; the file is damaged");
  return bytes;
}

}  // namespace hgq
