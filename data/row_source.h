// One named array of a data file of any kind: rows of one shape, of which a range is read at a time.
//
// A DataFile (data/loaders.h) makes a RowSource for each input, target and array of sample weights. A FieldReader
// (data/file_dataset.h) scales or encodes its rows; a MemoryDataset then holds all of them, a FileDataset reads them
// block by block. The caller chooses the type of the numbers: float32 is what the network computes with, float64 is for
// scaling, and Label also holds every 64-bit integer exactly. An array of text, such as class names, gives its rows as
// text.
//
//   const std::unique_ptr<DataFile> file = DataFile::open("magic.h5", {});
//   const std::unique_ptr<RowSource> x = file->rows({"x"}, false);
//   x->rows();  x->sample();                        // 15216, [10]
//   std::vector<float> buffer(512 * 10);            // or double, or Label
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

/// Files are read in pieces of this many rows, or of the rows of a chunk if those are more.
inline constexpr int64_t kPieceRows = int64_t{1} << 14U;

class RowSource {
 public:
  virtual ~RowSource() = default;
  RowSource(const RowSource&) = delete;
  RowSource& operator=(const RowSource&) = delete;

  /// The name of the array in messages: "magic.h5:/x", "wine.csv, column 'quality'".
  const std::string& place() const { return place_; }
  int64_t rows() const { return rows_; }
  /// Shape of a row, without the dimension of the rows; rank 0 if each row is one number.
  const Shape& sample() const { return sample_; }
  bool is_text() const { return is_text_; }
  NumberWidth width() const { return width_; }
  /// How many rows the file packs together, so that reading fewer of them costs as much; 1 if it makes no difference.
  virtual int64_t chunk_rows() const { return 1; }
  /// What the user should know before these rows are used, one sentence with its place each: "32 of 64 rows were never
  /// written".
  virtual std::vector<std::string> notes() const { return {}; }
  /// The name of a row in messages: "row 3 (from 0)", or whatever helps to find it in the file.
  virtual std::string row_name(int64_t row) const;

  /// Reads rows [first, first + count), row-major, into the first count * sample().size() elements of `out`. Throws
  /// FileError if the source holds text or the file is damaged, ShapeError if there are no such rows or `out` is too
  /// small.
  void read(int64_t first, int64_t count, std::span<float> out) const;
  void read(int64_t first, int64_t count, std::span<double> out) const;
  void read(int64_t first, int64_t count, std::span<Label> out) const;
  /// The same for a source of text: one string for each row. Throws FileError if the source holds numbers.
  std::vector<std::string> read_text(int64_t first, int64_t count) const;

 protected:
  RowSource(std::string place, int64_t rows, const Shape& sample, bool is_text,
            NumberWidth width = NumberWidth::kFloat);

 private:
  /// The three that follow are called only for types up to width(); read() widens what is narrower.
  virtual void read_floats(int64_t first, int64_t count, std::span<float> out) const = 0;
  virtual void read_doubles(int64_t first, int64_t count, std::span<double> out) const;
  virtual void read_labels(int64_t first, int64_t count, std::span<Label> out) const;
  virtual std::vector<std::string> read_words(int64_t first, int64_t count) const = 0;
  /// Throws FileError for text, ShapeError unless the rows exist and fit into a buffer of `room` numbers.
  void check_numbers(int64_t first, int64_t count, size_t room) const;

  std::string place_;
  int64_t rows_;
  Shape sample_;
  bool is_text_;
  NumberWidth width_;
};

/// Bytes of one number in memory.
int64_t bytes_of(NumberWidth width);

/// The same rows, read at once and kept in memory, for a source that will be read several times. `width` is the widest
/// type in which they will be read; they are kept in that type, or in a narrower one if it holds them exactly.
std::unique_ptr<RowSource> cached_rows(std::unique_ptr<RowSource> source, NumberWidth width);

/// A source of rows that are in memory already. T is float, double or Label; `shape` begins with the number of rows.
/// Throws FileError for a shape of rank 0, ShapeError if the values do not fill the shape.
template <typename T>
std::unique_ptr<RowSource> memory_rows(std::string place, const Shape& shape, std::vector<T> values);
std::unique_ptr<RowSource> memory_rows(std::string place, const Tensor& values);

/// Throws FileError if any of `values` is NaN or infinite; the message says how many there are, and where the first one
/// is. `values` are whole rows of the source, beginning with row `first`.
template <typename T>
void check_finite(const RowSource& source, int64_t first, std::span<const T> values);

}  // namespace hgq
