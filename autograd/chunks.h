// How a batch is cut into chunks of rows, which follows from the plan and the number of rows alone.
//
//   const Chunks chunks = cut_batch(33200, {.row_floats = plan.worker_row_floats()}, {});
//   chunks.rows_of(chunks.count - 1);
#pragma once

#include <cstdint>

namespace hgq {

struct ChunkOptions {
  int64_t largest_chunk = 512;  // rows, approximately; fewer if the values of a chunk would not fit into the cache
  int lanes = 64;  // at most; a lane is a run of chunks whose partial results are summed in order on one thread
};

/// Chunks have equally many rows, but the last, which may have fewer. If there are more chunks than lanes, their number
/// is about a multiple of the number of lanes.
struct Chunks {
  int64_t rows = 0;        // of the batch
  int64_t chunk_rows = 0;  // of each chunk but the last
  int64_t count = 0;
  int64_t lanes = 0;
  int64_t first_of_lane(int64_t lane) const { return lane * count / lanes; }
  int64_t rows_of(int64_t chunk) const { return chunk + 1 < count ? chunk_rows : rows - chunk_rows * (count - 1); }
};

/// The floats of a plan: `row_floats` that a row takes while its chunk is computed (Plan::worker_row_floats()); those
/// of a chunk should fit into 384 KiB of the L2 cache; where 32 rows do not, into 2 MiB, but a chunk has at least 8
/// rows. `lane_floats` of partial results of a lane: with more than 256 KiB there are fewer than 64 lanes, but 16 in
/// any case, so that large kernels do not take much memory.
struct PlanFloats {
  int64_t row_floats = 0;
  int64_t lane_floats = 0;
};

Chunks cut_batch(int64_t rows, const PlanFloats& plan, const ChunkOptions& options);

}  // namespace hgq
