#include "hgq/data/h5_packing.h"

#include <hdf5.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/data/claimed_size.h"
#include "hgq/data/h5_native.h"

namespace hgq::h5 {
namespace {

constexpr H5Z_filter_t kLzf = 32000;
/// Deflate unpacks one byte to at most 1032: a smaller chunk cannot do harm.
constexpr hsize_t kHarmless = hsize_t{1} << 19U;

std::vector<H5Z_filter_t> filters_of(int64_t creation) {
  std::vector<H5Z_filter_t> filters;
  for (int i = 0; i < H5Pget_nfilters(creation); ++i) {
    unsigned flags = 0;
    size_t values = 0;
    unsigned config = 0;
    filters.push_back(
        H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &values, nullptr, 0, nullptr, &config));
  }
  return filters;
}

/// The grid of the chunks of a dataset: their extents, and those of the values.
struct Grid {
  int rank = 0;
  std::array<hsize_t, H5S_MAX_RANK> chunk{};
  std::array<hsize_t, H5S_MAX_RANK> extent{};

  /// Goes to the next chunk; returns false after the last.
  bool next(std::array<hsize_t, H5S_MAX_RANK>& at) const {
    for (auto d = static_cast<size_t>(rank); d-- > 0;) {
      at[d] += chunk[d];
      if (at[d] < extent[d]) return true;
      at[d] = 0;
    }
    return false;
  }
};

Grid grid_of(int64_t dataset, int64_t creation) {
  Grid grid;
  if (H5Pget_layout(creation) != H5D_CHUNKED) return grid;
  grid.rank = std::max(H5Pget_chunk(creation, H5S_MAX_RANK, grid.chunk.data()), 0);
  const hid_t space = H5Dget_space(dataset);
  H5Sget_simple_extent_dims(space, grid.extent.data(), nullptr);
  H5Sclose(space);
  return grid;
}

/// The bytes that a zlib stream unpacks to, counted up to `most` + 1.
int64_t unpacked_bytes(std::vector<unsigned char>& packed, int64_t most) {
  z_stream stream{};
  HGQ_CHECK(inflateInit(&stream) == Z_OK, RunError, "zlib does not start");
  std::vector<unsigned char> piece(size_t{1} << 16U);
  stream.next_in = packed.data();
  stream.avail_in = static_cast<uInt>(packed.size());
  int64_t given = 0;
  for (int status = Z_OK; status == Z_OK && given <= most;) {
    stream.next_out = piece.data();
    stream.avail_out = static_cast<uInt>(piece.size());
    status = inflate(&stream, Z_NO_FLUSH);
    given += static_cast<int64_t>(piece.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  return given;
}

}  // namespace

int64_t chunk_bytes(int64_t dataset, int64_t creation) {
  const Grid grid = grid_of(dataset, creation);
  if (grid.rank == 0) return 0;
  const hid_t type = H5Dget_type(dataset);
  auto bytes = static_cast<int64_t>(H5Tget_size(type));
  H5Tclose(type);
  for (size_t d = 0; d < static_cast<size_t>(grid.rank); ++d) {
    if (__builtin_mul_overflow(bytes, static_cast<int64_t>(grid.chunk[d]), &bytes)) return INT64_MAX;
  }
  return bytes;
}

ChunkCount count_chunks(int64_t dataset, int64_t creation) {
  const Grid grid = grid_of(dataset, creation);
  if (grid.rank == 0) return {};
  ChunkCount count{.stored = 0, .all = 1};
  for (size_t d = 0; d < static_cast<size_t>(grid.rank); ++d)
    count.all *= static_cast<int64_t>((grid.extent[d] + grid.chunk[d] - 1) / grid.chunk[d]);
  hsize_t stored = 0;
  const hid_t space = H5Dget_space(dataset);
  const bool known = H5Dget_num_chunks(dataset, space, &stored) >= 0;
  H5Sclose(space);
  H5Eclear2(H5E_DEFAULT);
  count.stored = known ? static_cast<int64_t>(stored) : count.all;
  return count;
}

Packing packing_of(int64_t creation) {
  const std::vector<H5Z_filter_t> filters = filters_of(creation);
  if (filters.empty()) return Packing::kNone;
  // Only a checksum filter may come after deflate: then the bytes in the file are a zlib stream.
  for (size_t i = 0; i < filters.size(); ++i) {
    const bool known = filters[i] == H5Z_FILTER_DEFLATE || filters[i] == H5Z_FILTER_SHUFFLE ||
                       filters[i] == H5Z_FILTER_FLETCHER32 || filters[i] == kLzf;
    const bool hidden =
        filters[i] == H5Z_FILTER_DEFLATE && i + 1 < filters.size() && filters[i + 1] != H5Z_FILTER_FLETCHER32;
    if (!known || hidden) return Packing::kOther;
  }
  return Packing::kUsual;
}

void check_unpacking(int64_t dataset, int64_t creation, int64_t first, int64_t count, std::vector<bool>& checked,
                     const std::string& place) {
  const std::vector<H5Z_filter_t> filters = filters_of(creation);
  const auto deflate = std::ranges::find(filters, H5Z_FILTER_DEFLATE);
  if (deflate == filters.end()) return;
  HGQ_CHECK(std::ranges::count(filters, H5Z_FILTER_DEFLATE) == 1, FileError, place,
            ": is packed by deflate more than once, which cannot be read");
  if (packing_of(creation) != Packing::kUsual || H5Dget_storage_size(dataset) <= kHarmless) return;
  const Grid grid = grid_of(dataset, creation);
  const int64_t most = chunk_bytes(dataset, creation);
  const unsigned skipped =
      1U << static_cast<unsigned>(deflate - filters.begin());  // the bit that says that a chunk is not packed
  const auto chunk_row = [&](hsize_t row) { return static_cast<size_t>(row / grid.chunk[0]); };
  checked.resize(chunk_row(grid.extent[0]) + 1);
  std::array<hsize_t, H5S_MAX_RANK> at{};
  at[0] = chunk_row(static_cast<hsize_t>(first)) * grid.chunk[0];
  const auto end = static_cast<hsize_t>(first + count);
  std::vector<unsigned char> packed;
  for (bool more = count > 0; more && at[0] < end; more = grid.next(at)) {
    if (checked[chunk_row(at[0])]) continue;
    hsize_t size = 0;
    haddr_t address = HADDR_UNDEF;
    unsigned mask = 0;
    must(H5Dget_chunk_info_by_coord(dataset, at.data(), &mask, &address, &size), place,
         "its chunks cannot be looked up");
    if (address == HADDR_UNDEF || size <= kHarmless || (mask & skipped) != 0) continue;
    check_fits_memory(static_cast<int64_t>(size), place);
    packed.resize(size);
    must(H5Dread_chunk(dataset, H5P_DEFAULT, at.data(), &mask, packed.data()), place, "a chunk cannot be read");
    // Other filters before deflate make the values only a little larger.
    HGQ_CHECK(unpacked_bytes(packed, most + most / 64 + 4096) <= most + most / 64 + 4096, FileError, place,
              ": a chunk of ", bytes_text(most), " unpacks to more than that from ",
              bytes_text(static_cast<int64_t>(size)), "; the file is damaged");
  }
  for (auto row = static_cast<hsize_t>(first); row < end; row += grid.chunk[0]) checked[chunk_row(row)] = true;
  if (count > 0) checked[chunk_row(end - 1)] = true;
}

}  // namespace hgq::h5
