// A CSV file as a sequence of records, which consist of fields. data/csv.h gives the fields their meaning.
//
// A record is a line, or several lines if a quoted field contains line ends; lines end with \n, \r\n or \r. A field is
// quoted if it begins with a quote; a quote inside it is doubled, and a quote elsewhere is an ordinary character. Blank
// lines are skipped, and so are lines that begin with the comment characters, whatever quotes they contain. The
// separator ' ' stands for any sequence of spaces and tabs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/data/bytes.h"
#include "hgq/data/row_source.h"

namespace hgq {

/// An offset in the file at which a record can begin, and its line (counted from 1).
struct CsvPosition {
  int64_t offset = 0;
  int64_t line = 1;
};

/// How the file is cut into fields.
struct CsvFormat {
  char separator = ',';
  std::string comment = "#";  // empty: there are no comments
};

class CsvRecords {
 public:
  /// Reads from `start` on. `bytes` must outlive this object.
  CsvRecords(const Bytes& bytes, const CsvPosition& start, CsvFormat format);

  /// Goes to the next record; returns false at the end. Throws FileError for a quote that is never closed, and for a
  /// record of more than 64 MiB.
  bool next();
  /// The same, but stops at comments too.
  bool next_or_comment();
  bool is_comment() const { return is_comment_; }
  /// The record without its line end; valid until next().
  std::string_view text() const { return record_; }
  /// The record cut into fields; valid until next(). Throws FileError if there is text after a closing quote.
  const std::vector<std::string_view>& fields();
  /// The beginning of the record.
  const CsvPosition& position() const { return position_; }
  /// The number of comments that next() has skipped.
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
  size_t begin_ = 0;  // of the part of buffer_ that has not been returned yet
  int64_t loaded_;    // the offset in the file of the end of buffer_
  CsvPosition upcoming_;
  CsvPosition position_;
  std::string_view record_;
  bool is_comment_ = false;
  int64_t comments_ = 0;
  std::vector<std::string_view> fields_;
  std::string unquoted_;
};

/// Cuts a record into fields, without their quotes, and without the spaces around unquoted fields. The fields are views
/// of the record or of `unquoted`. Returns false if there is text after a closing quote. Stops after `most` fields,
/// since a field takes many bytes of memory for one separator in the file.
bool split_fields(std::string_view record, char separator, std::vector<std::string_view>& fields, std::string& unquoted,
                  size_t most = SIZE_MAX);

/// The number in a field; nullopt if the field is not a number. "nan" and "inf" are numbers. Numbers that are too large
/// or too small for float64 become infinite or 0.
std::optional<double> number_of(std::string_view field);
/// The same as a Label, which holds every integer of 64 bits exactly.
std::optional<Label> label_number_of(std::string_view field);

/// Whether a field says that there is no value: it is empty, or one of ? NA N/A NaN null None - -- . in upper or lower
/// case.
bool is_missing(std::string_view field);

/// Whether a field would be a number if its commas were decimal points.
bool has_decimal_comma(std::string_view field);

/// "tab", "blank", "','": for messages.
std::string separator_name(char separator);

}  // namespace hgq
