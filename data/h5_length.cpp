#include "hgq/data/h5_length.h"

#include <string_view>

#include "hgq/core/error.h"

namespace hgq {
namespace {

constexpr std::string_view kSignature("\x89HDF\r\n\x1a\n", 8);
constexpr int64_t kMostHeader = 64;

/// Where the superblock has the address of the end of the file, and the size of addresses ("HDF5 File Format
/// Specification Version 3.0", II.A).
struct EndField {
  size_t address_size_at = 0, end_at = 0;
};

/// `address`: the bytes of an address, of which the superblock has the base and that of the free space or of an
/// extension before the end.
EndField end_field(unsigned version, size_t address) {
  constexpr size_t kNewBase = 12;  // of versions 2 and 3
  constexpr size_t kOldBase = 24;  // of version 0; version 1 has four more bytes before it
  if (version >= 2) return {9, kNewBase + 2 * address};
  return {13, kOldBase + 4 * version + 2 * address};
}

}  // namespace

void check_h5_length(const Bytes& file) {
  const std::string header = file.front(kMostHeader);
  HGQ_CHECK(std::string_view(header).starts_with(kSignature), FileError, file.place(),
            ": is damaged: it does not begin as an HDF5 file");
  const auto byte = [&](size_t at) -> unsigned {
    return at < header.size() ? static_cast<unsigned char>(header[at]) : 0U;
  };
  const unsigned version = byte(kSignature.size());
  const size_t address = byte(end_field(version, 0).address_size_at);
  HGQ_CHECK(version <= 3 && address >= 2 && address <= 8, FileError, file.place(),
            ": is damaged: its header is not that of an HDF5 file");
  const size_t at = end_field(version, address).end_at;
  HGQ_CHECK(at + address <= header.size(), FileError, file.place(), ": is cut off within its header");
  uint64_t end = 0;
  for (size_t i = address; i-- > 0;) end = end << 8U | byte(at + i);
  HGQ_CHECK(end <= static_cast<uint64_t>(file.size()), FileError, file.place(), ": is cut off: it has ", file.size(),
            " bytes of ", end);
}

}  // namespace hgq
