// A checksum over every byte of a file that hgq wrote, at its end.
//
// A checksum over what libhdf5 reads (h5::Group::checksum) does not see all damage: one flipped bit can hide the group
// that holds the checksum, or make a number of another type of the same bytes. So behind the last byte of HDF5 stand 24
// more: a mark, the number of bytes in front of it, and their CRC-32. libhdf5 reads files with more bytes than it
// knows of, and cuts them off when it writes to one: a file that another program changed has no seal, which is right.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "hgq/data/bytes.h"

namespace hgq {

/// The seal of a file with this content: what stands behind it.
std::string seal_of(std::span<const char> content);

/// The same, read piece by piece.
std::string seal_of(const Bytes& content);

/// Throws FileError where the file has a seal that does not fit its bytes.
void check_seal(const Bytes& file);

}  // namespace hgq
