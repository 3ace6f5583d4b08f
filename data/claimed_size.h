// Checks of sizes that a file only claims.
//
// A header of a few bytes can claim an array of 2^60 values. Before the readers allocate memory for what a file claims,
// they call these functions: the product of the extents must not overflow, and the bytes must fit into the memory of
// this machine.
//
//   const std::vector<uint64_t> extents{15216, 10};         // as the header of x.npy has them
//   const int64_t n = claimed_elements(extents, "x.npy");   // FileError if the product is above 2^62 / 8
//   check_fits_memory(n * int64_t{4}, "x.npy");             // FileError above the physical memory
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace hgq {

/// The product of `extents`, which is at most 2^62 / 8, so that it can still be multiplied by the size of an element.
/// Throws FileError, with a message that begins with `place`, if it would be larger.
int64_t claimed_elements(std::span<const uint64_t> extents, const std::string& place);

/// Throws FileError if `bytes` is more than the physical memory of this machine.
void check_fits_memory(int64_t bytes, const std::string& place);

/// Throws FileError if `bytes` is more than `memory` and more than 400 times `packed`, the bytes in the file: that is
/// nearly constant, or made to harm, but not data. A set that is packed less densely may be larger than memory; it is
/// read in blocks.
void check_density(int64_t bytes, int64_t packed, int64_t memory, const std::string& place);

/// So many bytes may be allocated whatever the limit on memory is: for buffers, a row, an HDF5 chunk.
inline constexpr int64_t kAlwaysAllowed = int64_t{64} << 20U;

/// The bytes of physical memory of this machine.
int64_t physical_memory();

/// "1.5 GiB", "640 bytes".
std::string bytes_text(int64_t bytes);

}  // namespace hgq
