#include "hgq/autograd/chunks.h"

#include <algorithm>

namespace hgq {
namespace {

constexpr int64_t kCacheFloats = 384 * 1024 / 4;
constexpr int64_t kSmallestChunk = 32;
constexpr int64_t kRowsWorthSharing = 256;  // for fewer rows, waking a second thread costs more than it saves

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

Chunks cut_batch(int64_t rows, int64_t row_floats, const ChunkOptions& options) {
  const int64_t fits = std::max(kSmallestChunk, kCacheFloats / std::max<int64_t>(row_floats, 1));
  int64_t chunk_rows = std::min(options.largest_chunk, fits);
  // A batch of medium size is cut into more chunks than the cache requires, so that several threads have work.
  if (rows > kRowsWorthSharing) chunk_rows = std::min(chunk_rows, std::max<int64_t>(divide_up(rows, 4), 128));
  int64_t count = std::max<int64_t>(divide_up(rows, chunk_rows), 1);
  const int64_t lanes = options.lanes;
  if (count > lanes) {
    const int64_t multiple =
        std::max<int64_t>((count + lanes / 2) / lanes, 1) * lanes;  // a few rows more or less in a chunk do not matter
    count = multiple;
  }
  Chunks chunks{.rows = rows, .chunk_rows = std::max<int64_t>(divide_up(rows, count), 1)};
  chunks.count = std::max<int64_t>(divide_up(rows, chunks.chunk_rows), 1);
  chunks.lanes = std::min(lanes, chunks.count);
  return chunks;
}

}  // namespace hgq
