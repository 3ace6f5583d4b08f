// A CSV file as a run of records of fields; what the fields mean is the business of data/csv.h.
//
// A record is a line, or several where a quoted field contains line ends; lines end by \n, \r\n or \r. A field is
// quoted where it begins with ", a quote inside is doubled; a quote elsewhere is a character like any other. Blank
// lines are passed over, and lines that begin with the comment's characters, whatever quotes they hold. The separator '
// ' stands for any run of spaces and tabs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/data/bytes.h"
#include "hgq/data/row_source.h"

namespace hgq {

/// A place in the file where a record can begin.
struct CsvPosition {
  int64_t offset = 0;
  int64_t line = 1;
};

/// How the file is cut.
struct CsvFormat {
  char separator = ',';
  std::string comment = "#";  // empty: there are no comments
};

class CsvRecords {
 public:
  /// Reads from `start` on. `bytes` must outlive this.
  CsvRecords(const Bytes& bytes, const CsvPosition& start, CsvFormat format);

  /// Goes to the next record; false at the end. Throws FileError at an unclosed quote or an absurdly long line.
  bool next();
  /// The same, but stops at comments too.
  bool next_or_comment();
  bool is_comment() const { return is_comment_; }
  /// The record without its line end; valid until next().
  std::string_view text() const { return record_; }
  /// The record cut into fields; valid until next(). Throws FileError where text stands behind a closing quote.
  const std::vector<std::string_view>& fields();
  /// Where the record begins.
  const CsvPosition& position() const { return position_; }
  /// Comments that next() has passed over.
  int64_t comments() const { return comments_; }

 private:
  bool next_line();
  bool begins_comment();
  bool opens_field(size_t quote) const;
  size_t skip_plain(size_t offset) const;
  std::optional<char> peek(size_t offset);
  bool fill();
  std::string place(int64_t line) const;

  const Bytes& bytes_;
  CsvFormat format_;
  std::string buffer_;
  size_t begin_ = 0;  // of what is not yet given, in buffer_
  int64_t loaded_;    // offset in the file behind buffer_
  CsvPosition upcoming_;
  CsvPosition position_;
  std::string_view record_;
  bool is_comment_ = false;
  int64_t comments_ = 0;
  std::vector<std::string_view> fields_;
  std::string unquoted_;
};

/// Cuts a record into fields: quotes taken off, spaces around unquoted fields too. The fields lie in the record or in
/// `unquoted`. False where text stands behind a closing quote. Stops behind `most` fields: each takes many bytes for
/// its one separator.
bool split_fields(std::string_view record, char separator, std::vector<std::string_view>& fields, std::string& unquoted,
                  size_t most = SIZE_MAX);

/// The number a field holds, nullopt where it holds none; "nan" and "inf" are numbers. Numbers beyond float64 are
/// infinite or 0.
std::optional<double> number_of(std::string_view field);
/// The same, integers of 64 bits as they are.
std::optional<Label> label_number_of(std::string_view field);

/// Whether a field says that there is no value: empty, or ? NA N/A NaN null None - -- . in any case of letters.
bool is_missing(std::string_view field);

/// Whether a field would be a number if commas were decimal points.
bool has_decimal_comma(std::string_view field);

/// "tab", "blank", "','": for messages.
std::string separator_name(char separator);

}  // namespace hgq
