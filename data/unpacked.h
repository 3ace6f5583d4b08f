// The contents of deflate streams (members of zip files, gzip files), as bytes that can be read at any offset in
// bounded memory.
//
// The stream is unpacked once, piece by piece, to check it. A small result is kept; for a large one only points are
// kept from which unpacking can continue, so that an array larger than memory can be read in blocks. A stream that
// unpacks to more than it claims, or a very small stream that unpacks to more than the memory, is an error as soon as
// that is known.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "hgq/data/bytes.h"

namespace hgq {

struct PackedStream {
  enum class Form : uint8_t { kBare, kGzip };
  std::shared_ptr<const Bytes> bytes;  // packed; shared with the result if that is large
  Form form = Form::kBare;
  std::optional<int64_t> size = {};    // the unpacked size that it claims
  std::optional<uint64_t> crc32 = {};  // of the unpacked bytes; a gzip file contains its own
};

/// `memory` is the number of bytes that the rows of a set may take. Throws FileError if the stream is damaged or
/// incomplete, does not have the size or the checksum that it claims, or is far too dense (check_density()).
std::unique_ptr<Bytes> unpacked(const PackedStream& stream, int64_t memory);

}  // namespace hgq
