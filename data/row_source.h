// One named array of a data file, whatever the kind of file: so many rows, each of the same shape, read a range at a
// time.
//
// The loaders (data/loaders.h) give a RowSource for each input and each target; datasets read from it once, into
// memory, or block by block. Numbers come as float32. An array of text (class names) gives its rows as text.
//
//   std::unique_ptr<RowSource> x = open_rows("magic.h5", {"x"});
//   x->rows();  x->sample();                        // 15216, [10]
//   x->read(0, 512, buffer);                        // float32, row-major
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/shape.h"
#include "hgq/core/tensor.h"

namespace hgq {

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
  /// The same of a source of text, one per row.
  std::vector<std::string> read_text(int64_t first, int64_t count) const;

 protected:
  RowSource(std::string place, int64_t rows, const Shape& sample, bool is_text);

 private:
  virtual void read_numbers(int64_t first, int64_t count, std::span<float> out) const = 0;
  virtual std::vector<std::string> read_words(int64_t first, int64_t count) const = 0;

  std::string place_;
  int64_t rows_;
  Shape sample_;
  bool is_text_;
};

/// The same rows, read once and kept in memory, for a source that is read several times.
std::unique_ptr<RowSource> cached_rows(std::unique_ptr<RowSource> source);

/// Throws FileError where one of `values`, which are rows from `first` of the source, is NaN or infinite: how many, and
/// where the first is.
void check_finite(const RowSource& source, int64_t first, std::span<const float> values);

}  // namespace hgq
