#include "hgq/autograd/chunks.h"

#include <algorithm>

namespace hgq {
namespace {

constexpr int64_t kCacheFloats = 384 * 1024 / 4;
constexpr int64_t kSmallestChunk = 8;
constexpr int64_t kSmallChunk = 32;                        // where products lose speed
constexpr int64_t kLastCacheFloats = 2 * 1024 * 1024 / 4;  // a thread's share of the last level
constexpr int64_t kLaneMemoryFloats = 4 * 1024 * 1024;     // of all lanes
constexpr int64_t kLanesOfLargeKernels = 16;
constexpr int64_t kRowsWorthSharing = 256;  // for fewer rows, waking a second thread costs more than it saves

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

Chunks cut_batch(int64_t rows, const PlanFloats& plan, const ChunkOptions& options) {
  const int64_t row_floats = std::max<int64_t>(plan.row_floats, 1);
  const int64_t smallest = std::clamp(kLastCacheFloats / row_floats, kSmallestChunk, kSmallChunk);
  const int64_t fits = std::max(smallest, kCacheFloats / row_floats);
  int64_t chunk_rows = std::min(options.largest_chunk, fits);
  // A batch of medium size is cut into more chunks than the cache requires, so that several threads have work.
  if (rows > kRowsWorthSharing) chunk_rows = std::min(chunk_rows, std::max<int64_t>(divide_up(rows, 4), 128));
  int64_t count = std::max<int64_t>(divide_up(rows, chunk_rows), 1);
  const int64_t lanes = std::min<int64_t>(
      options.lanes, std::max(kLanesOfLargeKernels, kLaneMemoryFloats / std::max<int64_t>(plan.lane_floats, 1)));
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
