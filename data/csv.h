// CSV files: a row per record, columns chosen by name, number, list or range.
//
//   auto table = CsvTable::open(open_bytes("wine.csv"), {});
//   auto x = table->rows_of(table, {"0:11"}, false);           // 11 columns, numbers
//   auto y = table->rows_of(table, {"quality"}, true);         // a label: text where its first value is text
//
// How the file is written is found out (data/csv_format.h) or told. Numbers have a decimal point; a column of labels is
// text where most of its first 50 values are, and a text in a column of numbers is an error with its line. A
// value is missing where a field is empty or one of ? NA N/A NaN null None - -- . (in a column of texts: empty).
// Missing values that are asked for are errors with their line; with `missing: drop` all rows that lack a value in any
// column are left out.
//
// The file is read once at opening: its rows are counted, their fields too, and the offset of every 1024th is kept, so
// that rows are later read by range without the file in memory.
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
  /// Throws FileError where the file is no text, has no rows, or a row has another number of fields than the first.
  static std::shared_ptr<const CsvTable> open(std::shared_ptr<const Bytes> bytes, const CsvOptions& options);

  /// Names of the columns; empty where the file has no header.
  const std::vector<std::string>& names() const { return found_.names; }
  int64_t columns() const { return static_cast<int64_t>(found_.columns); }
  int64_t rows() const { return rows_; }
  char separator() const { return found_.format.separator; }
  const Bytes& bytes() const { return *bytes_; }
  /// What was found out, for the user: "wine.csv: 39 rows of 5 columns, header (a, b, c, d, y), separator ';'".
  std::string note() const;
  /// Whether a column's name, number, or a range is meant.
  bool has(const std::string& choice) const;

  /// Numbers of the columns meant by "name", "3", "-1", "0:36", ":5", "2:". Throws FileError where there is no such
  /// column.
  std::vector<int64_t> find(const std::vector<std::string>& choice) const;

  /// The chosen columns as rows of numbers; with `may_be_text`, one column of labels, which may be text.
  /// The source holds on to the table, which is shared by all its sources.
  static std::unique_ptr<RowSource> rows_of(const std::shared_ptr<const CsvTable>& table,
                                            const std::vector<std::string>& choice, bool may_be_text);

  std::string column_name(int64_t column) const;
  bool is_text_column(int64_t column) const { return found_.text_columns[static_cast<size_t>(column)]; }

  /// Rows one after the other.
  class Rows {
   public:
    /// From a row on. The table must outlive this.
    Rows(const CsvTable& table, int64_t row);
    /// False at the end.
    bool next();
    /// Of the row, as many as there are columns; valid until next().
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
