// CSV files: a row per record, columns chosen by name, number, list or range.
//
//   auto table = CsvTable::open(open_bytes("wine.csv"), {});
//   auto x = table->rows_of(table, {"0:11"}, false);           // 11 columns, numbers
//   auto y = table->rows_of(table, {"quality"}, true);         // a label: text where its first value is text
//
// The separator (tab ; | , or blanks) is the one that cuts the first lines into equally many fields. The first line is
// a header where it has text above a number. Both can be told. Numbers have a decimal point; a column of labels is text
// when its first value is text, and a text in a column of numbers is an error with its line.
//
// The file is read once at opening: its rows are counted, their fields too, and the offset of every 1024th is kept, so
// that rows are later read by range without the file in memory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hgq/data/bytes.h"
#include "hgq/data/csv_records.h"
#include "hgq/data/row_source.h"

namespace hgq {

struct CsvOptions {
  std::optional<char> separator = {};  // found out where not given
  std::optional<bool> header = {};
};

class CsvTable {
 public:
  /// Throws FileError where the file is no text, has no rows, or a row has another number of fields than the first.
  static std::shared_ptr<const CsvTable> open(std::shared_ptr<const Bytes> bytes, const CsvOptions& options);

  /// Names of the columns; empty where the file has no header.
  const std::vector<std::string>& names() const { return names_; }
  int64_t columns() const { return columns_; }
  int64_t rows() const { return rows_; }
  char separator() const { return separator_; }
  const Bytes& bytes() const { return *bytes_; }

  /// Numbers of the columns meant by "name", "3", "-1", "0:36", ":5", "2:". Throws FileError where there is no such
  /// column.
  std::vector<int64_t> find(const std::vector<std::string>& choice) const;

  /// The chosen columns as rows of numbers; with `may_be_text`, one column of labels, which may be text.
  /// The source holds on to the table, which is shared by all its sources.
  static std::unique_ptr<RowSource> rows_of(const std::shared_ptr<const CsvTable>& table,
                                            const std::vector<std::string>& choice, bool may_be_text);

  /// Records from a row on.
  CsvRecords records_from(int64_t row) const;
  std::string column_name(int64_t column) const;

 private:
  CsvTable() = default;
  void find_separator(const CsvOptions& options, const std::vector<std::string>& first_records);
  void find_header(const CsvOptions& options, const std::vector<std::string>& first_records);
  void count_rows();
  void add_columns(const std::string& choice, std::vector<int64_t>& columns) const;
  bool add_range(const std::string& choice, std::vector<int64_t>& columns) const;

  std::shared_ptr<const Bytes> bytes_;  // shared: see rows_of
  std::vector<std::string> names_;
  char separator_ = ',';
  bool has_header_ = false;
  bool header_is_comment_ = false;
  int64_t columns_ = 0;
  int64_t rows_ = 0;
  std::vector<CsvPosition> index_;  // of every kIndexRows-th row
};

}  // namespace hgq
