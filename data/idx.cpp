#include "hgq/data/idx.h"

#include <optional>
#include <utility>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/data/binary_rows.h"
#include "hgq/data/claimed_size.h"

namespace hgq {
namespace {

using Kind = NumberType::Kind;

std::optional<NumberType> type_of(unsigned char code) {
  switch (code) {
    case 0x08:
      return NumberType{Kind::kUnsigned, 1, true};
    case 0x09:
      return NumberType{Kind::kSigned, 1, true};
    case 0x0b:
      return NumberType{Kind::kSigned, 2, true};
    case 0x0c:
      return NumberType{Kind::kSigned, 4, true};
    case 0x0d:
      return NumberType{Kind::kFloat, 4, true};
    case 0x0e:
      return NumberType{Kind::kFloat, 8, true};
    default:
      return std::nullopt;
  }
}

uint64_t big_endian(const std::string& bytes, size_t offset) {
  uint64_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8U | static_cast<unsigned char>(bytes[offset + i]);
  return value;
}

}  // namespace

bool looks_like_idx(const Bytes& bytes) {
  const std::string front = bytes.front(4);
  return front.size() == 4 && front[0] == 0 && front[1] == 0 &&
         type_of(static_cast<unsigned char>(front[2])).has_value() && front[3] > 0 && front[3] <= Shape::kMaxRank;
}

std::unique_ptr<RowSource> open_idx(const std::shared_ptr<const Bytes>& bytes) {
  const std::string& place = bytes->place();
  HGQ_CHECK(looks_like_idx(*bytes), FileError, place, ": is not an IDX file");
  const std::string front = bytes->front(4);
  const auto rank = static_cast<size_t>(front[3]);
  std::string sizes(4 * rank, '\0');
  bytes->read(4, sizes);
  std::vector<uint64_t> extents;
  for (size_t i = 0; i < rank; ++i) extents.push_back(big_endian(sizes, 4 * i));
  claimed_elements(extents, place);
  const std::vector<int64_t> dims(extents.begin(), extents.end());
  const auto offset = static_cast<int64_t>(4 + sizes.size());
  return binary_rows(place, {bytes, offset, *type_of(static_cast<unsigned char>(front[2])), Shape(dims)});
}

}  // namespace hgq
