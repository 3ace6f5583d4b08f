// A CSV file as a run of records of fields; what the fields mean is the business of data/csv.h.
//
// A record is a line, or several where a quoted field contains line ends. Fields may be quoted by ", a quote inside is
// doubled. Blank lines and lines that begin with # are passed over. The separator ' ' stands for any run of spaces and
// tabs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/data/bytes.h"

namespace hgq {

/// A place in the file where a record can begin.
struct CsvPosition {
  int64_t offset = 0;
  int64_t line = 1;
};

class CsvRecords {
 public:
  /// Reads from `start` on. `bytes` must outlive this.
  CsvRecords(const Bytes& bytes, const CsvPosition& start, bool skip_comments = true);

  /// Goes to the next record; false at the end. Throws FileError at an unclosed quote or an absurdly long line.
  bool next();
  /// The record without its line end; valid until next().
  std::string_view text() const { return record_; }
  /// Where the record begins.
  const CsvPosition& position() const { return position_; }

 private:
  bool next_record();
  bool fill();
  std::string place(const CsvPosition& position) const;

  const Bytes& bytes_;
  bool skip_comments_;
  std::string buffer_;
  size_t begin_ = 0;  // of what is not yet given, in buffer_
  int64_t loaded_;    // offset in the file behind buffer_
  CsvPosition upcoming_;
  CsvPosition position_;
  std::string_view record_;
};

/// Cuts a record into fields: quotes taken off, spaces around unquoted fields too. The fields lie in the record or in
/// `unquoted`.
void split_fields(std::string_view record, char separator, std::vector<std::string_view>& fields,
                  std::string& unquoted);

/// The number a field holds, nullopt where it holds none; "nan" and "inf" are numbers.
std::optional<double> number_of(std::string_view field);

}  // namespace hgq
