#include "hgq/data/claimed_size.h"

#include <unistd.h>

#include <array>
#include <cstdio>

#include "hgq/core/error.h"

namespace hgq {
namespace {

constexpr uint64_t kMostElements = (uint64_t{1} << 62U) / 8;

std::string extents_text(std::span<const uint64_t> extents) {
  std::string out = "[";
  for (size_t i = 0; i < extents.size(); ++i) out += concat(i == 0 ? "" : ", ", extents[i]);
  return out + "]";
}

}  // namespace

int64_t claimed_elements(std::span<const uint64_t> extents, const std::string& place) {
  uint64_t product = 1;
  bool fits = true;
  bool empty = false;
  for (const uint64_t extent : extents) {
    empty = empty || extent == 0;
    if (extent > 0) fits = fits && !__builtin_mul_overflow(product, extent, &product);
  }
  // The product without the dimensions of extent 0 must fit, too: a row of a table without rows has a size.
  HGQ_CHECK(fits && product <= kMostElements, FileError, place, ": claims the shape ", extents_text(extents),
            ", more values than fit into any memory; the file is damaged");
  return empty ? 0 : static_cast<int64_t>(product);
}

int64_t physical_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page = sysconf(_SC_PAGE_SIZE);
  return pages > 0 && page > 0 ? static_cast<int64_t>(pages) * page : int64_t{1} << 40U;
}

void check_fits_memory(int64_t bytes, const std::string& place) {
  HGQ_CHECK(bytes <= physical_memory(), FileError, place, ": needs ", bytes_text(bytes), ", but this machine has ",
            bytes_text(physical_memory()), " of memory");
}

void check_density(int64_t bytes, int64_t packed, int64_t memory, const std::string& place) {
  constexpr int64_t kDensest = 400;
  HGQ_CHECK(bytes <= memory || bytes / kDensest <= packed, FileError, place, ": unpacks to ", bytes_text(bytes),
            " or more from ", bytes_text(packed), ", but may take ", bytes_text(memory),
            " (data.memory of a config, --memory of a command); nearly all of its values are equal, or it is made to "
            "harm. If it is right, allow more memory");
}

std::string bytes_text(int64_t bytes) {
  constexpr std::array<const char*, 7> kUnits = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1024.0 && unit + 1 < kUnits.size(); ++unit) value /= 1024.0;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f" : "%.1f", value);
  return concat(std::string(text.data()), " ", kUnits[unit]);
}

}  // namespace hgq
