// How the HDF5 chunks of a dataset are packed, and whether they unpack to the size that they claim. For data/h5*.cpp
// only.
//
// libhdf5 unpacks a deflated chunk to any size, however small the size that the chunk claims: 4 MB in a file can take 4
// GiB of memory. So a deflated chunk that is large enough to be a danger is unpacked before it is first read, piece by
// piece and without keeping the result.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hgq/data/h5.h"

namespace hgq::h5 {

/// The bytes of an unpacked chunk; 0 if the dataset has no chunks.
int64_t chunk_bytes(int64_t dataset, int64_t creation);

/// How many chunks the file contains, and how many the shape has.
struct ChunkCount {
  int64_t stored = 0;
  int64_t all = 0;
};
ChunkCount count_chunks(int64_t dataset, int64_t creation);

Packing packing_of(int64_t creation);

/// Throws FileError if the dataset is packed twice by deflate, or if a chunk that contains one of the rows [first,
/// first + count) unpacks to more than its size. `checked` says for each row of chunks whether it has been checked
/// before.
void check_unpacking(int64_t dataset, int64_t creation, int64_t first, int64_t count, std::vector<bool>& checked,
                     const std::string& place);

}  // namespace hgq::h5
