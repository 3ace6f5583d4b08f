// Rows of plain binary numbers at some offset of a file: what NPY and IDX files hold behind their headers.
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
  int bytes = 4;  // 1, 2, 4, 8; floats 2, 4, 8
  bool big_endian = false;
};

/// Converts `raw`, numbers of `type` side by side, to as many of type float, double or Label, rounded to nearest.
template <typename Out>
void to_numbers(const NumberType& type, std::span<const char> raw, std::span<Out> out);

/// The value of an IEEE half, exact.
float half_to_float(uint16_t half);

/// Where an array of numbers lies.
struct BinaryArray {
  std::shared_ptr<const Bytes> bytes;  // shared: a source may outlive the reader that opened the file
  int64_t offset = 0;
  NumberType type;
  Shape shape;  // rows first
};

/// Throws FileError where the file is too short for the array.
std::unique_ptr<RowSource> binary_rows(std::string place, BinaryArray array);

}  // namespace hgq
