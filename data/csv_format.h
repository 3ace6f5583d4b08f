// Finds the format of a CSV file from its first lines.
//
// Separator: one of tab ; | , and blanks. Chosen is the one that cuts the first 50 records into the most equal numbers
// of fields; of equally good ones the one with the most numbers among the fields, then the one with the most fields,
// and blanks last. A first line `sep=;`, as Excel writes it, gives the separator.
//
// Comments: lines that begin with #.
//
// Header: the first record is a header if all of its fields above columns of numbers are text, and is not if all of
// these are numbers or missing values. A mixture (a name above one column of numbers, a number above another) may be
// either, and is an error that asks for `header`; but names followed by 0, 1, 2, ... are a header, as pandas writes it
// for columns without names. A comment above the first record is the header if it has a name for each column.
//
// A separator at the end of every line does not begin another column.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/data/bytes.h"
#include "hgq/data/csv_records.h"

namespace hgq {

/// What to do with rows in which a value is missing.
enum class CsvMissing : uint8_t { kError, kDrop };

/// The parts of the format that are given instead of found.
struct CsvOptions {
  std::optional<char> separator = {};
  std::optional<bool> header = {};
  std::optional<std::string> comment = {};  // "#" if not given; empty: none
  CsvMissing missing = CsvMissing::kError;
};

/// How a user tells that a file has a header: for messages, which may be about a config or a command.
inline constexpr std::string_view kSayHeader = "csv: {header: true}, on a command --csv 'header: true'";

struct CsvFindings {
  CsvFormat format;
  CsvPosition start;               // of the records: after a line `sep=;`
  bool first_is_header = false;    // whether the first record is a header
  std::vector<std::string> names;  // empty: there is no header
  size_t columns = 0;
  bool ends_with_separator = false;  // whether every line does
  std::vector<bool> text_columns;    // whether most of the first values are text
  std::vector<std::string> remarks;  // for the user: "the separator is given by the first line"
};

/// Throws FileError if the file has no records, or if it is not clear whether its first record is a header.
CsvFindings find_csv_format(const Bytes& bytes, const CsvOptions& options);

}  // namespace hgq
