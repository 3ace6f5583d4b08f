// How the chunks of a dataset are packed, and whether they unpack to what they claim. For data/h5*.cpp only.
//
// libhdf5 unpacks a deflated chunk to whatever comes out of it, however small the chunk says it is: 4 MB of file can
// take 4 GiB of memory. So a deflated chunk that could do so is tried before it is first read, piece by piece, and
// dropped.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hgq/data/h5.h"

namespace hgq::h5 {

/// Bytes of a chunk, unpacked; 0 where the dataset has none.
int64_t chunk_bytes(int64_t dataset, int64_t creation);

/// Chunks that stand in the file, and how many the shape has.
struct ChunkCount {
  int64_t stored = 0;
  int64_t all = 0;
};
ChunkCount count_chunks(int64_t dataset, int64_t creation);

Packing packing_of(int64_t creation);

/// Throws FileError where the dataset is packed twice by deflate, or a chunk with one of the rows from `first` unpacks
/// to more than its size. `checked`: of each row of chunks, whether it was found right before.
void check_unpacking(int64_t dataset, int64_t creation, int64_t first, int64_t count, std::vector<bool>& checked,
                     const std::string& place);

}  // namespace hgq::h5
