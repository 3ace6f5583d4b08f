// One named array of a data file, whatever the kind of file: so many rows, each of the same shape, read a range at a
// time.
//
// The loaders (data/loaders.h) give a RowSource for each input and each target; datasets read from it once, into
// memory, or block by block. Numbers come as what they are read into: float32, as the network takes them; float64, for
// scaling; Label, which also holds 64-bit integers as they are. An array of text (class names) gives its rows as text.
//
//   const std::unique_ptr<DataFile> file = DataFile::open("magic.h5", {});
//   const std::unique_ptr<RowSource> x = file->rows({"x"}, false);
//   x->rows();  x->sample();                        // 15216, [10]
//   std::vector<float> buffer(512 * 10);            // or doubles, or Labels
//   x->read(0, 512, std::span(buffer));             // row-major
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/shape.h"
#include "hgq/core/tensor.h"

namespace hgq {

/// A number as a label: every integer of 64 bits, signed or not, and every float64 exactly.
using Label = long double;
static_assert(std::numeric_limits<Label>::digits >= 64, "labels of 64 bits need a long double of 64 bits or more");

/// The narrowest type that holds all numbers of a source exactly.
enum class NumberWidth : uint8_t { kFloat, kDouble, kLabel };

class RowSource {
 public:
  virtual ~RowSource() = default;
  RowSource(const RowSource&) = delete;
  RowSource& operator=(const RowSource&) = delete;

  /// What messages call it: "magic.h5:/x", "wine.csv, column 'quality'".
  const std::string& place() const { return place_; }
  int64_t rows() const { return rows_; }
  /// Shape of a row; of rank 0 where each row is one number.
  const Shape& sample() const { return sample_; }
  bool is_text() const { return is_text_; }
  NumberWidth width() const { return width_; }
  /// Rows that are packed together, so that reading fewer costs the same; 1 where it makes no difference.
  virtual int64_t chunk_rows() const { return 1; }
  /// What the user should be told about these rows before they are used: "32 of 64 rows were never written". A sentence
  /// each, with its place.
  virtual std::vector<std::string> notes() const { return {}; }
  /// "row 3 (from 0)", or what helps to find the row in the file.
  virtual std::string row_name(int64_t row) const;

  /// Rows [first, first + count) into the front of `out`. Throws FileError where the source holds text or the file is
  /// damaged.
  void read(int64_t first, int64_t count, std::span<float> out) const;
  void read(int64_t first, int64_t count, std::span<double> out) const;
  void read(int64_t first, int64_t count, std::span<Label> out) const;
  /// The same of a source of text, one per row.
  std::vector<std::string> read_text(int64_t first, int64_t count) const;

 protected:
  RowSource(std::string place, int64_t rows, const Shape& sample, bool is_text,
            NumberWidth width = NumberWidth::kFloat);

 private:
  /// Those wider than width() are not asked for.
  virtual void read_floats(int64_t first, int64_t count, std::span<float> out) const = 0;
  virtual void read_doubles(int64_t first, int64_t count, std::span<double> out) const;
  virtual void read_labels(int64_t first, int64_t count, std::span<Label> out) const;
  virtual std::vector<std::string> read_words(int64_t first, int64_t count) const = 0;
  /// Throws ShapeError unless the rows are there and fit into a buffer of `room` numbers.
  void check_numbers(int64_t first, int64_t count, size_t room) const;

  std::string place_;
  int64_t rows_;
  Shape sample_;
  bool is_text_;
  NumberWidth width_;
};

/// Bytes of a number of this width.
int64_t bytes_of(NumberWidth width);

/// The same rows, read once and kept in memory, for a source that is read several times; `width`: the widest that will
/// be asked for, narrower where the source is.
std::unique_ptr<RowSource> cached_rows(std::unique_ptr<RowSource> source, NumberWidth width);

/// A source of rows that lie in memory already, floats, doubles or Labels; `shape`: rows first.
template <typename T>
std::unique_ptr<RowSource> memory_rows(std::string place, const Shape& shape, std::vector<T> values);
std::unique_ptr<RowSource> memory_rows(std::string place, const Tensor& values);

/// Throws FileError where one of `values`, which are rows from `first` of the source, is NaN or infinite: how many, and
/// where the first is.
template <typename T>
void check_finite(const RowSource& source, int64_t first, std::span<const T> values);

}  // namespace hgq
