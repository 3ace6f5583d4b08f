// The lzf filter of h5py files (number 32000), decoding only, which libhdf5 does not contain.
//
// An LZF stream is a sequence of tokens. A control byte c < 32 is followed by c + 1 literal bytes; otherwise it is a
// copy of (c >> 5) + 2 bytes (a length field of 7 takes one more byte, added) from (c & 31) * 256 + next byte + 1 bytes
// back.
#pragma once

#include <cstddef>
#include <span>

namespace hgq::h5 {

/// Decodes `in` into `out`. Returns the number of bytes written; 0 if the stream is damaged or does not fit.
size_t lzf_decode(std::span<const unsigned char> in, std::span<unsigned char> out);

/// Registers the filter with libhdf5, unless it knows a filter of this number already.
void register_lzf();

}  // namespace hgq::h5
