// How a CSV file is written, found out from its first lines.
//
// Separator: of tab ; | , and blanks, the one that cuts the first 50 records most evenly; of those that cut equally
// evenly the one that makes most fields numbers, then the one that cuts most, blanks last. A first line `sep=;`, as
// Excel writes it, says it.
//
// Comments: lines that begin with #.
//
// Header: the first record is a header where every field of it that stands above numbers is text. It is none where all
// of these are numbers or missing values. A mixture (a name above one column of numbers, a number above another) may be
// either, and is an error that asks for `header`; but names followed by 0, 1, 2, ... are a header, as pandas writes it
// for columns without names. A comment above the first record is the header where it has a name for each column.
//
// A separator at the end of every line begins no column.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hgq/data/bytes.h"
#include "hgq/data/csv_records.h"

namespace hgq {

/// What to do with rows where a value is missing.
enum class CsvMissing : uint8_t { kError, kDrop };

/// What is told, rather than found out.
struct CsvOptions {
  std::optional<char> separator = {};
  std::optional<bool> header = {};
  std::optional<std::string> comment = {};  // "#" if not given; empty: none
  CsvMissing missing = CsvMissing::kError;
};

struct CsvFindings {
  CsvFormat format;
  CsvPosition start;               // of what is read: behind a line `sep=;`
  bool first_is_header = false;    // the first record
  std::vector<std::string> names;  // empty: there is no header
  size_t columns = 0;
  bool ends_with_separator = false;  // every line
  std::vector<bool> text_columns;    // whether most of the first values are text
  std::vector<std::string> remarks;  // for the user: "the separator is given by the first line"
};

/// Throws FileError where the file has no records, or its first record may be a header or not.
CsvFindings find_csv_format(const Bytes& bytes, const CsvOptions& options);

}  // namespace hgq
