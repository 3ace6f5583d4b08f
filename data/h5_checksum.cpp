// A checksum over the contents of a file, which does not depend on the layout that libhdf5 chooses (declared in h5.h).
#include <hdf5.h>
#include <zlib.h>

#include <span>

#include "hgq/core/error.h"
#include "hgq/data/h5.h"
#include "hgq/data/h5_native.h"

namespace hgq::h5 {
namespace {

/// Files of models are not nested deeply; the limit ends a walk along links that form a circle.
constexpr int kMaxGroupDepth = 32;
constexpr int64_t kMaxObjects = 1'000'000;
constexpr int64_t kChecksumPiece = int64_t{1} << 20U;  // values read at a time

class Checksum {
 public:
  void add(std::string_view text) {
    add_bytes(text.data(), text.size());
    add_bytes("", 1);  // so that "ab", "c" and "a", "bc" differ
  }
  void add(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) add(text);
  }
  template <typename T>
  void add(std::span<const T> values) {
    add_bytes(values.data(), values.size_bytes());
  }
  void count_object(const std::string& place, int depth) {
    HGQ_CHECK(depth <= kMaxGroupDepth && ++objects_ <= kMaxObjects, FileError, place,
              ": groups are nested without an end; the file is damaged");
  }
  uint32_t value() const { return static_cast<uint32_t>(crc_); }

 private:
  void add_bytes(const void* bytes, size_t count) {
    if (count > 0)
      crc_ = crc32_z(crc_, static_cast<const Bytef*>(bytes), count);  // a null pointer would reset the checksum
  }

  uLong crc_ = crc32(0, nullptr, 0);
  int64_t objects_ = 0;
};

void add_dataset(Checksum& sum, const Group& group, const std::string& name) {
  const DatasetInfo info = group.info(name);
  for (const int64_t extent : info.shape.dims()) sum.add(concat(extent));
  const int64_t row = info.shape.rank() == 0 ? 1 : std::max<int64_t>(info.shape.without_front().size(), 1);
  const int64_t rows = info.shape.rank() == 0 ? 1 : info.shape[0];
  const int64_t step = std::max<int64_t>(kChecksumPiece / row, 1);
  for (int64_t first = 0; first < rows; first += step) {
    const int64_t count = info.shape.rank() == 0 ? -1 : std::min(step, rows - first);
    if (info.type == TypeClass::kString) {
      sum.add(group.read_strings(name, first, count));
    } else if (info.type == TypeClass::kInteger) {
      const std::vector<int64_t> values = group.read_integers(name, first, count);
      sum.add(std::span<const int64_t>(values));
    } else if (info.type == TypeClass::kFloat && info.bytes == sizeof(float)) {
      // As doubles, but libhdf5 fills a buffer of a megabyte with zeros before it converts a dataset of any size.
      const Tensor floats = group.read_floats(name, first, count);
      const std::vector<double> values(floats.values().begin(), floats.values().end());
      sum.add(std::span<const double>(values));
    } else {
      const std::vector<double> values = group.read_doubles(name, first, count);
      sum.add(std::span<const double>(values));
    }
  }
}

void add_attribute(Checksum& sum, const Group& group, int64_t object, const std::string& name) {
  const std::string place = concat(group.place(), ", attribute '", name, "'");
  const Id attribute = own(H5Aopen(object, name.c_str(), H5P_DEFAULT), place, "cannot be opened");
  const Id type = own(H5Aget_type(*attribute), place, "its type cannot be read");
  sum.add(name);
  if (class_of(*type) == TypeClass::kString) {
    sum.add(group.attribute_strings(name));
  } else {
    const std::vector<double> values = group.attribute_doubles(name);
    sum.add(std::span<const double>(values));
  }
}

}  // namespace

uint32_t Group::checksum(const std::string& without) const {
  struct Place {
    Group group;
    int depth;
  };
  Checksum sum;
  std::vector<Place> waiting{{*this, 0}};
  while (!waiting.empty()) {
    const Place next = std::move(waiting.back());
    waiting.pop_back();
    sum.add(next.group.path_);
    for (const std::string& name : next.group.attribute_names()) {
      if (name != without) add_attribute(sum, next.group, *next.group.object_, name);
    }
    for (const std::string& name : next.group.names()) {
      sum.count_object(next.group.place(), next.depth);
      sum.add(name);
      if (!next.group.is_dataset(name) && next.group.is_group(name)) {
        waiting.push_back({next.group.group(name), next.depth + 1});
      } else {
        add_dataset(sum, next.group, name);
      }
    }
  }
  return sum.value();
}

}  // namespace hgq::h5
