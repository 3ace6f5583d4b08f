// Rows of plain binary numbers at some offset of a file, as NPY and IDX files contain after their headers.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "hgq/data/bytes.h"
#include "hgq/data/row_source.h"

namespace hgq {

/// How a number is stored.
struct NumberType {
  enum class Kind : uint8_t { kSigned, kUnsigned, kFloat };
  Kind kind = Kind::kFloat;
  int bytes = 4;  // 1, 2, 4 or 8; of a float 2, 4 or 8
  bool big_endian = false;
};

/// Converts the numbers of `type` in `raw` to as many numbers of type float, double or Label, rounded to nearest.
template <typename Out>
void to_numbers(const NumberType& type, std::span<const char> raw, std::span<Out> out);

/// The exact value of an IEEE half-precision float.
float half_to_float(uint16_t half);

/// The place of an array of numbers in a file.
struct BinaryArray {
  std::shared_ptr<const Bytes> bytes;  // shared: a source may outlive the reader that opened the file
  int64_t offset = 0;
  NumberType type;
  Shape shape;  // rows first
};

/// Messages name the source as `place`. Throws FileError if the file is too short for the array.
std::unique_ptr<RowSource> binary_rows(std::string place, BinaryArray array);

}  // namespace hgq
