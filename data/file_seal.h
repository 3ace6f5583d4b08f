// A checksum over all bytes of a file that hgq wrote, at the end of the file.
//
// A checksum over the contents that libhdf5 reads (h5::Group::checksum) does not find all damage: one flipped bit can
// hide the group that contains the checksum, or change the type of a number. So the HDF5 bytes are followed by 24 more:
// a mark, the number of bytes before it, and their CRC-32. libhdf5 ignores these bytes when it reads a file, and
// removes them when it writes to the file; so a file that another program changed has no seal, as it should be.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "hgq/data/bytes.h"

namespace hgq {

/// The seal of a file with this content: the bytes to append to it.
std::string seal_of(std::span<const char> content);

/// The same for content that is read piece by piece.
std::string seal_of(const Bytes& content);

/// Throws FileError if the file has a seal that does not match its bytes.
void check_seal(const Bytes& file);

}  // namespace hgq
