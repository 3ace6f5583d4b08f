// A dataset of an HDF5 file that is being read: its columns, its shape, and the rows to read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hgq/core/shape.h"
#include "hgq/data/h5_external.h"
#include "hgq/data/h5_native.h"

namespace hgq::h5 {

/// One column of a compound type: a number, or an array of `width` numbers.
struct Column {
  std::string name;
  int64_t width = 1;
  Id number_type;                           // of one number in the file
  std::vector<unsigned long long> extents;  // empty for a plain number
};

/// A dataset that is opened for reading rows: which of its columns are read, the shape of all its values, and which
/// rows are read.
struct Source {
  Id dataset;
  Id type;
  std::string place;
  std::vector<Column> columns;  // empty: the dataset has plain numbers
  Shape shape;                  // of all values; the columns are the last dimension
  int64_t first = 0;
  int64_t count = 0;  // 1 for a scalar
  std::string file;
  Permissions* permissions = nullptr;

  int64_t row_size() const { return shape.rank() == 0 ? 1 : shape.without_front().size(); }
  Shape wanted_shape() const { return shape.rank() == 0 ? shape : shape.without_front().with_front(count); }
};

/// "table[pt,eta]" -> "table" and its columns.
struct ColumnPath {
  std::string path;
  std::vector<std::string> columns;
};

/// Splits a path into the path of the dataset and the names in brackets.
ColumnPath split_columns(const std::string& path);
/// The names of the columns of a compound type.
std::vector<std::string> column_names(int64_t type, const std::string& place);
/// "; it holds a, b", or "nothing".
std::string names_or_none(const std::vector<std::string>& names);
/// Restricts a source of a compound type to some of its columns. Throws FileError for a name that no column has.
void choose_columns(Source& source, const std::vector<std::string>& names);

}  // namespace hgq::h5
