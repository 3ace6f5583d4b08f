// CSV files: each record is a row; columns are chosen by name, number, list or range.
//
//   auto table = CsvTable::open(open_bytes("wine.csv"), {});
//   auto x = table->rows_of(table, {"0:11"}, false);           // 11 columns, numbers
//   auto y = table->rows_of(table, {"quality"}, true);         // labels, which may be text
//
// The format of the file is found out (data/csv_format.h) or given. Numbers have a decimal point. A column of labels is
// text if most of its first 50 values are text; a text in a column of numbers is an error with its line. A value is
// missing if its field is empty or one of ? NA N/A NaN null None - -- . (in a column of text: if it is empty). A
// missing value in a chosen column is an error with its line; with `missing: drop`, all rows in which a value of any
// column is missing are left out.
//
// Opening reads the file once: it counts the rows and their fields, and keeps the offset of every 1024th row, so that
// ranges of rows can be read later without keeping the file in memory.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/data/bytes.h"
#include "hgq/data/csv_format.h"
#include "hgq/data/csv_records.h"
#include "hgq/data/row_source.h"

namespace hgq {

class CsvTable {
 public:
  /// Throws FileError if the file is not text or has no rows, or if a row has another number of fields than the first.
  static std::shared_ptr<const CsvTable> open(std::shared_ptr<const Bytes> bytes, const CsvOptions& options);

  /// The names of the columns; empty if the file has no header.
  const std::vector<std::string>& names() const { return found_.names; }
  int64_t columns() const { return static_cast<int64_t>(found_.columns); }
  int64_t rows() const { return rows_; }
  char separator() const { return found_.format.separator; }
  const Bytes& bytes() const { return *bytes_; }
  /// The format that was found, for the user: "wine.csv: 39 rows of 5 columns, header (a, b, c, d, y), separator ';'".
  std::string note() const;
  /// Whether `choice` is the name or the number of a column, or a range of columns.
  bool has(const std::string& choice) const;

  /// The numbers of the columns that "name", "3", "-1", "0:36", ":5" or "2:" stand for. Throws FileError if there is no
  /// such column.
  std::vector<int64_t> find(const std::vector<std::string>& choice) const;

  /// The chosen columns as rows of numbers; with `may_be_text`, one column of labels, which may be text. The source
  /// keeps the table alive, which all of its sources share.
  static std::unique_ptr<RowSource> rows_of(const std::shared_ptr<const CsvTable>& table,
                                            const std::vector<std::string>& choice, bool may_be_text);

  std::string column_name(int64_t column) const;
  bool is_text_column(int64_t column) const { return found_.text_columns[static_cast<size_t>(column)]; }

  /// Reads rows one after the other.
  class Rows {
   public:
    /// Begins with row `row`. The table must outlive this object.
    Rows(const CsvTable& table, int64_t row);
    /// Goes to the next row; returns false at the end.
    bool next();
    /// The fields of the row, as many as there are columns; valid until next().
    std::span<const std::string_view> fields() const { return fields_; }
    int64_t line() const { return records_.position().line; }

   private:
    const CsvTable& table_;
    CsvRecords records_;
    std::span<const std::string_view> fields_;
  };

 private:
  CsvTable() = default;
  void count_rows();
  std::span<const std::string_view> fields_of(CsvRecords& records) const;
  bool is_missing_in(std::span<const std::string_view> fields, size_t column) const;
  bool is_dropped(std::span<const std::string_view> fields) const;
  void note_dropped(const std::vector<int64_t>& missing, int64_t dropped, const std::vector<int64_t>& lines);
  void add_columns(const std::string& choice, std::vector<int64_t>& columns) const;
  bool add_range(const std::string& choice, std::vector<int64_t>& columns) const;
  std::string in_columns() const;

  std::shared_ptr<const Bytes> bytes_;  // shared: see rows_of
  CsvFindings found_;
  bool drops_rows_ = false;
  int64_t rows_ = 0;
  std::vector<CsvPosition> index_;  // of every kIndexRows-th row
};

}  // namespace hgq
