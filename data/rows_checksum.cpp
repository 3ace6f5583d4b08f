#include "hgq/data/rows_checksum.h"

#include <zlib.h>

#include <algorithm>

namespace hgq {
namespace {

constexpr int64_t kPieceBytes = int64_t{1} << 20;
constexpr int64_t kMostPieces = 64;

}  // namespace

uint32_t rows_checksum(const Dataset& data) {
  int64_t row_bytes = 0;
  for (const FieldSpec& field : data.fields()) row_bytes += field.sample.size() * static_cast<int64_t>(sizeof(float));
  const int64_t rows = std::clamp<int64_t>(kPieceBytes / std::max<int64_t>(row_bytes, 1), 1, data.size());
  const int64_t pieces = (data.size() + rows - 1) / rows;
  const int64_t read = std::min(pieces, kMostPieces);
  uLong crc = crc32(0, nullptr, 0);
  Batch batch;
  for (int64_t i = 0; i < read; ++i) {
    const int64_t first = (read == 1 ? 0 : i * (pieces - 1) / (read - 1)) * rows;
    data.slice(first, std::min(rows, data.size() - first), batch);
    for (const ConstTensorView& field : batch.fields()) {
      const auto bytes = std::as_bytes(field.values());
      if (!bytes.empty()) crc = crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
    }
  }
  return static_cast<uint32_t>(crc);
}

}  // namespace hgq
