#include "hgq/data/h5_lzf.h"

#include <hdf5.h>

#include <algorithm>

namespace hgq::h5 {
namespace {

constexpr H5Z_filter_t kLzfNumber = 32000;

/// The largest growth of an LZF stream: a token of 3 bytes copies at most 7 + 2 + 255 bytes.
constexpr size_t kLargestGrowth = 88;

/// The index of the chunk size among the filter's values in h5py files (the size is 0 in very old files).
size_t decoded_size(size_t value_count, const unsigned int values[], size_t stream_bytes) {
  const size_t most = (stream_bytes + 1) * kLargestGrowth;
  return value_count >= 3 && values[2] != 0 ? std::min<size_t>(values[2], most) : most;
}

/// H5Z_func_t: replaces *buffer with the decoded bytes; returns 0 on failure.
size_t lzf_filter(unsigned int flags, size_t value_count, const unsigned int values[], size_t bytes,
                  size_t* buffer_bytes, void** buffer) {
  if ((flags & H5Z_FLAG_REVERSE) == 0) return 0;
  const size_t size = decoded_size(value_count, values, bytes);
  void* decoded = H5allocate_memory(size, false);
  if (decoded == nullptr) return 0;
  const size_t written =
      lzf_decode({static_cast<const unsigned char*>(*buffer), bytes}, {static_cast<unsigned char*>(decoded), size});
  if (written == 0) {
    H5free_memory(decoded);
    return 0;
  }
  H5free_memory(*buffer);
  *buffer = decoded;
  *buffer_bytes = size;
  return written;
}

}  // namespace

size_t lzf_decode(std::span<const unsigned char> in, std::span<unsigned char> out) {
  size_t read = 0;
  size_t written = 0;
  while (read < in.size()) {
    const size_t control = in[read++];
    if (control < 32) {
      const size_t count = control + 1;
      if (in.size() - read < count || out.size() - written < count) return 0;
      std::copy_n(in.begin() + static_cast<std::ptrdiff_t>(read), count,
                  out.begin() + static_cast<std::ptrdiff_t>(written));
      read += count;
      written += count;
      continue;
    }
    size_t count = (control >> 5U) + 2;
    if (count == 9) {
      if (read == in.size()) return 0;
      count += in[read++];
    }
    if (read == in.size()) return 0;
    const size_t distance = ((control & 31U) << 8U) + in[read++] + 1;
    if (distance > written || out.size() - written < count) return 0;
    // Source and target may overlap: the copy then repeats bytes that it has just written, so it must copy byte by
    // byte.
    for (size_t i = 0; i < count; ++i, ++written) out[written] = out[written - distance];
  }
  return written;
}

void register_lzf() {
  if (H5Zfilter_avail(kLzfNumber) > 0) return;
  H5Z_class2_t filter{};
  filter.version = H5Z_CLASS_T_VERS;
  filter.id = kLzfNumber;
  filter.encoder_present = 0;
  filter.decoder_present = 1;
  filter.name = "lzf";
  filter.filter = lzf_filter;
  H5Zregister(&filter);
}

}  // namespace hgq::h5
