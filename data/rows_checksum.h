// A checksum of the rows of a data set, by which a run that is resumed notices that its data are others.
//
//   const uint32_t before = rows_checksum(data);
#pragma once

#include <cstdint>

#include "hgq/data/dataset.h"

namespace hgq {

/// The CRC-32 of the float32 bytes of all fields, in pieces of neighbouring rows. Of a data set of more than 64 MiB
/// only pieces that are spread evenly are read, 64 MiB together. Throws FileError if a file that is read then is
/// damaged.
uint32_t rows_checksum(const Dataset& data);

}  // namespace hgq
