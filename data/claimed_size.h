// Guards against sizes that a file merely claims.
//
// A header of a few bytes can announce an array of 2^60 values. Before memory is taken for what a file announces, the
// readers ask here: the product of the extents must not overflow, and the bytes must fit into this machine's memory.
//
//   const std::vector<uint64_t> extents{15216, 10};         // as the header of x.npy has them
//   const int64_t n = claimed_elements(extents, "x.npy");   // FileError where the product is above 2^62 / 8
//   check_fits_memory(n * int64_t{4}, "x.npy");             // FileError above the physical memory
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace hgq {

/// The product of `extents`, at most 2^62 / 8 so that it can still be multiplied by an element's size. `place` opens
/// the message.
int64_t claimed_elements(std::span<const uint64_t> extents, const std::string& place);

/// Throws FileError where `bytes` are more than this machine's physical memory.
void check_fits_memory(int64_t bytes, const std::string& place);

/// Throws FileError where `bytes` are more than `memory`, and come from so few `packed` ones (1/400) that they are no
/// data: all but constant, or made to harm. What is less dense may be larger than memory, and is read in blocks.
void check_density(int64_t bytes, int64_t packed, int64_t memory, const std::string& place);

/// So much may be taken whatever the limit on memory is: buffers, a row, a chunk.
inline constexpr int64_t kAlwaysAllowed = int64_t{64} << 20U;

/// Bytes of physical memory of this machine.
int64_t physical_memory();

/// "1.5 GiB", "640 bytes".
std::string bytes_text(int64_t bytes);

}  // namespace hgq
