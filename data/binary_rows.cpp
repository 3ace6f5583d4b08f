#include "hgq/data/binary_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "hgq/core/error.h"

namespace hgq {
namespace {

constexpr size_t kBinaryPiece = size_t{1} << 20U;

template <typename Unsigned>
Unsigned load(const char* raw, bool big_endian) {
  Unsigned value = 0;
  std::memcpy(&value, raw, sizeof(value));
  if (big_endian != (std::endian::native == std::endian::big)) {
    Unsigned swapped = 0;
    for (size_t i = 0; i < sizeof(value); ++i) {
      swapped = static_cast<Unsigned>(swapped | (((value >> (8 * i)) & 0xffU) << (8 * (sizeof(value) - 1 - i))));
    }
    value = swapped;
  }
  return value;
}

template <typename Unsigned, typename Out, typename Decode>
void convert(std::span<const char> raw, bool big_endian, std::span<Out> out, Decode decode) {
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<Out>(decode(load<Unsigned>(raw.data() + i * sizeof(Unsigned), big_endian)));
}

template <typename Unsigned, typename Out>
void convert_integers(const NumberType& type, std::span<const char> raw, std::span<Out> out) {
  if (type.kind == NumberType::Kind::kUnsigned) {
    convert<Unsigned>(raw, type.big_endian, out, [](Unsigned v) { return v; });
  } else {
    convert<Unsigned>(raw, type.big_endian, out,
                      [](Unsigned v) { return static_cast<std::make_signed_t<Unsigned>>(v); });
  }
}

NumberWidth width_of(const NumberType& type) {
  if (type.kind == NumberType::Kind::kFloat) return type.bytes <= 4 ? NumberWidth::kFloat : NumberWidth::kDouble;
  return type.bytes <= 2 ? NumberWidth::kFloat : type.bytes == 4 ? NumberWidth::kDouble : NumberWidth::kLabel;
}

class BinaryRows : public RowSource {
 public:
  BinaryRows(std::string place, BinaryArray array)
      : RowSource(std::move(place), array.shape[0], array.shape.without_front(), false, width_of(array.type)),
        array_(std::move(array)) {}

 private:
  void read_floats(int64_t first, int64_t, std::span<float> out) const override { convert_rows(first, out); }
  void read_doubles(int64_t first, int64_t, std::span<double> out) const override { convert_rows(first, out); }
  void read_labels(int64_t first, int64_t, std::span<Label> out) const override { convert_rows(first, out); }
  std::vector<std::string> read_words(int64_t, int64_t) const override { return {}; }
  template <typename Out>
  void convert_rows(int64_t first, std::span<Out> out) const {
    const auto width = static_cast<size_t>(array_.type.bytes);
    std::vector<char> piece(std::min(kBinaryPiece, out.size() * width));
    int64_t offset = array_.offset + first * sample().size() * array_.type.bytes;
    for (size_t done = 0; done < out.size();) {
      const size_t numbers = std::min(piece.size() / width, out.size() - done);
      const std::span<char> raw = std::span(piece).first(numbers * width);
      array_.bytes->read(offset, raw);
      to_numbers(array_.type, raw, out.subspan(done, numbers));
      done += numbers;
      offset += static_cast<int64_t>(raw.size());
    }
  }

  BinaryArray array_;
};

}  // namespace

float half_to_float(uint16_t half) {
  const int exponent = (half >> 10U) & 31;
  const int mantissa = half & 1023;
  const float sign = (half & 0x8000U) != 0 ? -1.0F : 1.0F;
  if (exponent == 31) return mantissa == 0 ? sign * INFINITY : NAN;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(mantissa), -24);
  return sign * std::ldexp(static_cast<float>(1024 + mantissa), exponent - 25);
}

template <typename Out>
void to_numbers(const NumberType& type, std::span<const char> raw, std::span<Out> out) {
  if (type.kind == NumberType::Kind::kFloat) {
    if (type.bytes == 2) return convert<uint16_t>(raw, type.big_endian, out, half_to_float);
    if (type.bytes == 4)
      return convert<uint32_t>(raw, type.big_endian, out, [](uint32_t v) { return std::bit_cast<float>(v); });
    return convert<uint64_t>(raw, type.big_endian, out, [](uint64_t v) { return std::bit_cast<double>(v); });
  }
  if (type.bytes == 1) return convert_integers<uint8_t>(type, raw, out);
  if (type.bytes == 2) return convert_integers<uint16_t>(type, raw, out);
  if (type.bytes == 4) return convert_integers<uint32_t>(type, raw, out);
  convert_integers<uint64_t>(type, raw, out);
}

template void to_numbers(const NumberType&, std::span<const char>, std::span<float>);
template void to_numbers(const NumberType&, std::span<const char>, std::span<double>);
template void to_numbers(const NumberType&, std::span<const char>, std::span<Label>);

std::unique_ptr<RowSource> binary_rows(std::string place, BinaryArray array) {
  HGQ_CHECK(array.shape.rank() > 0, FileError, place, ": holds a single number, expected rows");
  const int64_t bytes = array.shape.size() * array.type.bytes;
  const int64_t there = std::max<int64_t>(array.bytes->size() - array.offset, 0);
  HGQ_CHECK(bytes <= there, FileError, place, ": is cut off: the shape ", array.shape, " needs ", bytes,
            " bytes of values, but there are ", there);
  return std::make_unique<BinaryRows>(std::move(place), std::move(array));
}

}  // namespace hgq
