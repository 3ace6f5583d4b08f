// What deflate streams hold (members of zip files, gzip files), as bytes that can be read anywhere, in bounded memory.
//
// The stream is unpacked once, piece by piece, to check it. What is small is kept; of what is large only points are
// kept from which unpacking can go on, so that an array larger than memory can be read in blocks. A stream that gives
// more than it claims, or that is nearly nothing and becomes more than memory holds, is refused as soon as that shows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "hgq/data/bytes.h"

namespace hgq {

struct PackedStream {
  enum class Form : uint8_t { kBare, kGzip };
  std::shared_ptr<const Bytes> bytes;  // the packed ones: shared with the result where that is large
  Form form = Form::kBare;
  std::optional<int64_t> size = {};    // what it claims to unpack to
  std::optional<uint64_t> crc32 = {};  // of what it unpacks to; a gzip file has its own
};

/// `memory`: bytes that the rows of a set may take. Throws FileError where the stream is damaged, cut off, does not
/// give what it claims, or would harm.
std::unique_ptr<Bytes> unpacked(const PackedStream& stream, int64_t memory);

}  // namespace hgq
