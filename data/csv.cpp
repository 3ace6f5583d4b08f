#include "hgq/data/csv.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "hgq/config/nearest_name.h"
#include "hgq/config/node.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

constexpr int64_t kIndexRows = 1024;
constexpr int64_t kMostLines = 10;  // that a note lists

std::optional<int64_t> integer_of(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(value)
                                                                                   : std::nullopt;
}

/// "0:36", ":5", "2:"
bool is_range(const std::string& choice) {
  const size_t colon = choice.find(':');
  if (colon == std::string::npos) return false;
  const std::string from = choice.substr(0, colon);
  const std::string to = choice.substr(colon + 1);
  return (from.empty() || integer_of(from)) && (to.empty() || integer_of(to));
}

/// Joins the first names for a message.
std::string in_short(const std::vector<std::string>& names) {
  constexpr size_t kMost = 6;
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names.size() > kMost && i == kMost - 1) {
      text += ", ..., " + printable(names.back());
      break;
    }
    text += concat(i == 0 ? "" : ", ", printable(names[i]));
  }
  return text;
}

/// The rows of the chosen columns of a table.
class CsvRows : public RowSource {
 public:
  CsvRows(const std::shared_ptr<const CsvTable>& table, std::string place, std::vector<int64_t> columns,
          const Shape& sample, bool is_text, NumberWidth width)
      : RowSource(std::move(place), table->rows(), sample, is_text, width),
        table_(table),
        columns_(std::move(columns)) {}

  std::string row_name(int64_t row) const override {
    CsvTable::Rows rows(*table_, row);
    rows.next();
    return concat("line ", rows.line());
  }

 private:
  template <typename Visit>
  void visit(int64_t first, int64_t count, const Visit& visit_row) const {
    CsvTable::Rows rows(*table_, first);
    for (int64_t i = 0; i < count; ++i) {
      HGQ_CHECK(rows.next(), FileError, place(), ": became shorter while it was read");
      visit_row(rows.fields(), rows.line());
    }
  }
  template <typename T, typename Parse>
  void read_as(int64_t first, int64_t count, std::span<T> out, const Parse& parse) const {
    size_t next = 0;
    visit(first, count, [&](std::span<const std::string_view> fields, int64_t line) {
      for (const int64_t column : columns_) {
        const std::string_view field = fields[static_cast<size_t>(column)];
        const auto value = parse(field);
        if (!value || *value != *value) throw_not_a_number(field, column, line);  // missing, or NaN
        out[next++] = static_cast<T>(*value);
      }
    });
  }
  void read_floats(int64_t first, int64_t count, std::span<float> out) const override {
    read_as(first, count, out, number_of);
  }
  void read_doubles(int64_t first, int64_t count, std::span<double> out) const override {
    read_as(first, count, out, number_of);
  }
  void read_labels(int64_t first, int64_t count, std::span<Label> out) const override {
    read_as(first, count, out, label_number_of);
  }
  std::vector<std::string> read_words(int64_t first, int64_t count) const override {
    std::vector<std::string> out;
    visit(first, count, [&](std::span<const std::string_view> fields, int64_t line) {
      const std::string_view field = fields[static_cast<size_t>(columns_.front())];
      HGQ_CHECK(!field.empty(), FileError, table_->bytes().place(), ":", line, ": column ",
                table_->column_name(columns_.front()), " is empty, expected a label; ", kAboutMissing);
      out.emplace_back(field);
    });
    return out;
  }
  [[noreturn]] void throw_not_a_number(std::string_view field, int64_t column, int64_t line) const {
    throw FileError(concat(table_->bytes().place(), ":", line, ": column ", table_->column_name(column),
                           field.empty() ? std::string(" is empty") : concat(" holds '", printable(field), "'"),
                           ", expected a number", has_decimal_comma(field) ? " (with a decimal point)" : "",
                           is_missing(field) ? concat("; ", kAboutMissing) : ""));
  }

  static constexpr std::string_view kAboutMissing =
      "if the value is missing, csv: {missing: drop} leaves such rows out, on a command --csv 'missing: drop'";

  std::shared_ptr<const CsvTable> table_;  // shared by the sources of its columns
  std::vector<int64_t> columns_;
};

}  // namespace

std::shared_ptr<const CsvTable> CsvTable::open(std::shared_ptr<const Bytes> bytes, const CsvOptions& options) {
  std::shared_ptr<CsvTable> table(new CsvTable);
  table->bytes_ = std::move(bytes);
  const std::string front = table->bytes_->front(2);
  HGQ_CHECK(front != "\xff\xfe" && front != "\xfe\xff", FileError, table->bytes_->place(),
            ": is text in UTF-16; save it as UTF-8");
  table->found_ = find_csv_format(*table->bytes_, options);
  table->drops_rows_ = options.missing == CsvMissing::kDrop;
  table->count_rows();
  return table;
}

/// The fields of a record, without the empty field after a separator at the end of the line.
std::span<const std::string_view> CsvTable::fields_of(CsvRecords& records) const {
  const std::vector<std::string_view>& fields = records.fields();
  const bool one_more = found_.ends_with_separator && fields.size() == found_.columns + 1 && fields.back().empty();
  return std::span(fields).first(one_more ? found_.columns : fields.size());
}

bool CsvTable::is_missing_in(std::span<const std::string_view> fields, size_t column) const {
  return found_.text_columns[column] ? fields[column].empty() : is_missing(fields[column]);
}

bool CsvTable::is_dropped(std::span<const std::string_view> fields) const {
  if (!drops_rows_) return false;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (is_missing_in(fields, i)) return true;
  }
  return false;
}

void CsvTable::count_rows() {
  CsvRecords records(*bytes_, found_.start, found_.format);
  int64_t first_line = 0;
  std::vector<int64_t> missing(found_.columns);
  std::vector<int64_t> dropped_lines;
  int64_t dropped = 0;
  while (records.next()) {
    const std::span<const std::string_view> fields = fields_of(records);
    const int64_t line = records.position().line;
    const bool is_header = first_line == 0 && found_.first_is_header;
    if (first_line == 0) first_line = line;
    HGQ_CHECK(fields.size() == found_.columns, FileError, bytes_->place(), ":", line, ": has ", fields.size(),
              fields.size() == 1 ? " field" : " fields", ", expected ", found_.columns, " as in line ", first_line,
              " (separator ", separator_name(separator()), ")");
    if (is_header) continue;
    if (is_dropped(fields)) {
      for (size_t i = 0; i < fields.size(); ++i) missing[i] += is_missing_in(fields, i) ? 1 : 0;
      if (dropped++ < kMostLines) dropped_lines.push_back(line);
      continue;
    }
    if (rows_ % kIndexRows == 0) index_.push_back(records.position());
    ++rows_;
  }
  if (dropped > 0) note_dropped(missing, dropped, dropped_lines);
  if (records.comments() > 0) {
    const std::string& mark = found_.format.comment;
    found_.remarks.push_back(concat(records.comments(),
                                    records.comments() == 1 ? " line that begins" : " lines that begin", " with ", mark,
                                    " left out as ", records.comments() == 1 ? "a comment" : "comments",
                                    " (csv: {comment: \"\"} reads them as rows)"));
  }
  HGQ_CHECK(rows_ > 0, FileError, bytes_->place(), ": has no rows", names().empty() ? "" : " below its header",
            dropped > 0 ? concat(" but ", dropped, " that lack a value; ", found_.remarks.back()) : "");
}

void CsvTable::note_dropped(const std::vector<int64_t>& missing, int64_t dropped, const std::vector<int64_t>& lines) {
  std::string where;
  for (const int64_t line : lines) where += concat(where.empty() ? "" : ", ", line);
  const auto most = std::ranges::max_element(missing);
  found_.remarks.push_back(concat(dropped, " of ", rows_ + dropped, " rows left out, since a value is missing (",
                                  dropped == 1 ? "line " : "lines ", where, dropped > kMostLines ? ", ..." : "",
                                  "; column ", column_name(most - missing.begin()), " lacks ", *most, ")"));
}

std::string CsvTable::note() const {
  std::string text = concat(bytes_->place(), ": ", rows_, rows_ == 1 ? " row of " : " rows of ", found_.columns,
                            found_.columns == 1 ? " column, " : " columns, ",
                            names().empty() ? std::string("no header") : concat("header (", in_short(names()), ")"));
  if (found_.columns > 1) text += concat(", separator ", separator_name(separator()));
  for (const std::string& remark : found_.remarks) text += "; " + remark;
  return text;
}

CsvTable::Rows::Rows(const CsvTable& table, int64_t row)
    : table_(table), records_(*table.bytes_, table.index_[static_cast<size_t>(row / kIndexRows)], table.found_.format) {
  for (int64_t i = 0; i < row % kIndexRows; ++i) next();
}

bool CsvTable::Rows::next() {
  while (records_.next()) {
    fields_ = table_.fields_of(records_);
    HGQ_CHECK(fields_.size() == table_.found_.columns, FileError, table_.bytes_->place(), ":", line(),
              ": changed while it was read");
    if (!table_.is_dropped(fields_)) return true;
  }
  return false;
}

std::string CsvTable::column_name(int64_t column) const {
  return names().empty() ? concat(column, " (from 0)") : concat("'", names()[static_cast<size_t>(column)], "'");
}

bool CsvTable::add_range(const std::string& choice, std::vector<int64_t>& chosen) const {
  if (!is_range(choice)) return false;
  const size_t colon = choice.find(':');
  const std::string from = choice.substr(0, colon);
  const std::string to = choice.substr(colon + 1);
  const auto counted = [this](int64_t value) { return value < 0 ? value + columns() : value; };
  const int64_t begin = from.empty() ? 0 : counted(*integer_of(from));
  const int64_t end = to.empty() ? columns() : counted(*integer_of(to));
  HGQ_CHECK(begin >= 0 && end <= columns() && begin < end, FileError, bytes_->place(), ": columns ", choice,
            " are asked for, but there are ", columns(), in_columns(), ": 0:", columns(), " are all of them");
  for (int64_t i = begin; i < end; ++i) chosen.push_back(i);
  return true;
}

void CsvTable::add_columns(const std::string& choice, std::vector<int64_t>& chosen) const {
  const int64_t occurrences = std::ranges::count(names(), choice);
  HGQ_CHECK(occurrences <= 1, FileError, bytes_->place(), ": the header has the name '", choice, "' ", occurrences,
            " times; choose the column by its number");
  if (occurrences == 1) {
    chosen.push_back(std::ranges::find(names(), choice) - names().begin());
    return;
  }
  if (add_range(choice, chosen)) return;
  const std::optional<int64_t> number = integer_of(choice);
  if (number) {
    HGQ_CHECK(*number >= -columns() && *number < columns(), FileError, bytes_->place(), ": has no column ", *number,
              "; its columns are 0 to ", columns() - 1, in_columns());
    chosen.push_back(*number < 0 ? *number + columns() : *number);
    return;
  }
  HGQ_CHECK(!names().empty(), FileError, bytes_->place(), ": has no header, so there is no column '", choice,
            "'; choose by number, 0 to ", columns() - 1, ", or by range, 0:", columns(), in_columns(),
            "; if its first line is a header, say ", kSayHeader);
  throw FileError(concat(bytes_->place(), ": has no column '", choice, "'; its columns are ", quoted_names(names()),
                         did_you_mean(choice, names(), "; "), columns() == 1 ? in_columns() : std::string()));
}

bool CsvTable::has(const std::string& choice) const {
  return std::ranges::find(names(), choice) != names().end() || integer_of(choice) || is_range(choice);
}

/// " (separator ';')", for messages about columns that are not as expected.
std::string CsvTable::in_columns() const { return concat(" (separator ", separator_name(separator()), ")"); }

std::vector<int64_t> CsvTable::find(const std::vector<std::string>& choice) const {
  std::vector<int64_t> columns;
  for (const std::string& item : choice) add_columns(item, columns);
  std::vector<int64_t> sorted = columns;
  std::ranges::sort(sorted);
  const auto twice = std::ranges::adjacent_find(sorted);
  HGQ_CHECK(twice == sorted.end(), FileError, bytes_->place(), ": column ",
            column_name(twice == sorted.end() ? 0 : *twice), " is chosen twice");
  return columns;
}

std::unique_ptr<RowSource> CsvTable::rows_of(const std::shared_ptr<const CsvTable>& table,
                                             const std::vector<std::string>& choice, bool may_be_text) {
  std::vector<int64_t> columns = table->find(choice);
  HGQ_CHECK(!columns.empty(), FileError, table->bytes_->place(), ": no columns are chosen");
  const bool single = columns.size() == 1;
  const std::string place = concat(
      table->bytes_->place(), single ? concat(", column ", table->column_name(columns[0])) : ", the chosen columns");
  if (may_be_text && single && table->is_text_column(columns[0]))
    return std::make_unique<CsvRows>(table, place, std::move(columns), Shape{}, true, NumberWidth::kFloat);
  const Shape sample{static_cast<int64_t>(columns.size())};
  const NumberWidth width = may_be_text ? NumberWidth::kLabel : NumberWidth::kDouble;
  return std::make_unique<CsvRows>(table, place, std::move(columns), sample, false, width);
}

}  // namespace hgq
