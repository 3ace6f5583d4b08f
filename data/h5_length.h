// Whether an HDF5 file is as long as its header says: a file that was cut off is seen without libhdf5, of a few bytes.
//
//   check_h5_length(*open_bytes("model.h5"));     // FileError if the file is cut off
#pragma once

#include "hgq/data/bytes.h"

namespace hgq {

/// Throws FileError if the file does not begin as an HDF5 file, or is shorter than its superblock claims. The values in
/// it are not read. Files with a user block before the superblock, which hgq does not write, are taken for damaged.
void check_h5_length(const Bytes& file);

}  // namespace hgq
