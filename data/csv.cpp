#include "hgq/data/csv.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/core/nearest_name.h"
#include "hgq/data/claimed_size.h"

namespace hgq {
namespace {

constexpr int64_t kIndexRows = 1024;
constexpr size_t kFirstRecords = 50;

/// The first records, with a comment in front where it may be a header ("# pt eta phi", as numpy writes it).
std::vector<std::string> read_first_records(const Bytes& bytes) {
  std::vector<std::string> records;
  CsvRecords reader(bytes, {}, false);
  while (records.size() < kFirstRecords && reader.next()) {
    const std::string_view text = reader.text();
    if (records.empty() || !text.starts_with('#')) records.emplace_back(text);
  }
  return records;
}

std::vector<std::string> fields_of(std::string_view record, char separator) {
  std::vector<std::string_view> fields;
  std::string unquoted;
  split_fields(record, separator, fields, unquoted);
  return {fields.begin(), fields.end()};
}

std::string_view without_hash(std::string_view record) {
  if (record.starts_with('#')) record.remove_prefix(1);
  while (record.starts_with(' ')) record.remove_prefix(1);
  return record;
}

/// How many fields every record has; 0 where they differ.
size_t common_count(const std::vector<std::string>& records, char separator) {
  size_t count = 0;
  for (size_t i = records.size() > 1 && records[0].starts_with('#') ? 1 : 0; i < records.size(); ++i) {
    const size_t here = fields_of(records[i], separator).size();
    if (count != 0 && here != count) return 0;
    count = here;
  }
  return count;
}

std::optional<int64_t> integer_of(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(value)
                                                                                   : std::nullopt;
}

/// Rows of chosen columns of a table.
class CsvRows : public RowSource {
 public:
  CsvRows(const std::shared_ptr<const CsvTable>& table, std::string place, std::vector<int64_t> columns,
          const Shape& sample, bool is_text)
      : RowSource(std::move(place), table->rows(), sample, is_text), table_(table), columns_(std::move(columns)) {}

  std::string row_name(int64_t row) const override {
    CsvRecords records = table_->records_from(row);
    records.next();
    return concat("line ", records.position().line);
  }

 private:
  template <typename Visit>
  void visit(int64_t first, int64_t count, const Visit& visit_row) const {
    CsvRecords records = table_->records_from(first);
    std::vector<std::string_view> fields;
    std::string unquoted;
    for (int64_t i = 0; i < count; ++i) {
      HGQ_CHECK(records.next(), FileError, place(), ": became shorter while it was read");
      split_fields(records.text(), table_->separator(), fields, unquoted);
      HGQ_CHECK(static_cast<int64_t>(fields.size()) == table_->columns(), FileError, place(),
                ": changed while it was read");
      visit_row(fields, records.position());
    }
  }
  void read_numbers(int64_t first, int64_t count, std::span<float> out) const override {
    size_t next = 0;
    visit(first, count, [&](const std::vector<std::string_view>& fields, const CsvPosition& position) {
      for (const int64_t column : columns_) {
        const std::string_view field = fields[static_cast<size_t>(column)];
        const std::optional<double> value = number_of(field);
        if (!value) throw_not_a_number(field, column, position);
        out[next++] = static_cast<float>(*value);
      }
    });
  }
  std::vector<std::string> read_words(int64_t first, int64_t count) const override {
    std::vector<std::string> out;
    visit(first, count, [&](const std::vector<std::string_view>& fields, const CsvPosition&) {
      out.emplace_back(fields[static_cast<size_t>(columns_.front())]);
    });
    return out;
  }
  [[noreturn]] void throw_not_a_number(std::string_view field, int64_t column, const CsvPosition& position) const {
    const bool comma = !field.empty() && field.find_first_not_of("+-0123456789,eE") == std::string_view::npos;
    throw FileError(concat(table_->bytes().place(), ":", position.line, ": column ", table_->column_name(column),
                           field.empty() ? std::string(" is empty") : concat(" holds '", field, "'"),
                           ", expected a number", comma ? " (with a decimal point)" : ""));
  }

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
  const std::vector<std::string> first = read_first_records(*table->bytes_);
  HGQ_CHECK(!first.empty(), FileError, table->bytes_->place(), ": has no rows");
  table->find_separator(options, first);
  table->find_header(options, first);
  table->count_rows();
  return table;
}

void CsvTable::find_separator(const CsvOptions& options, const std::vector<std::string>& first_records) {
  // Rarer characters first: a comma may well stand in the texts of a file cut by semicolons, hardly the other way
  // round.
  constexpr std::array<char, 5> kCandidates = {'\t', ';', '|', ',', ' '};
  const auto found = std::ranges::find_if(kCandidates, [&](char c) { return common_count(first_records, c) > 1; });
  // Where no character cuts evenly, take one that cuts at all, and let the row that differs be reported.
  const auto any =
      std::ranges::find_if(kCandidates, [&](char c) { return fields_of(first_records.back(), c).size() > 1; });
  separator_ = options.separator            ? *options.separator
               : found != kCandidates.end() ? *found
               : any != kCandidates.end()   ? *any
                                            : ',';
}

void CsvTable::find_header(const CsvOptions& options, const std::vector<std::string>& first_records) {
  const bool comment = first_records[0].starts_with('#');
  const std::vector<std::string> first = fields_of(without_hash(first_records[0]), separator_);
  const std::vector<std::string> second =
      first_records.size() > 1 ? fields_of(first_records[1], separator_) : std::vector<std::string>{};
  const auto is_text = [](const std::string& field) { return !number_of(field).has_value(); };
  bool text_above_number = second.empty() && std::ranges::all_of(first, is_text);
  for (size_t i = 0; i < std::min(first.size(), second.size()); ++i)
    text_above_number |= is_text(first[i]) && !is_text(second[i]);
  has_header_ =
      options.header.value_or(comment ? first.size() == second.size() && text_above_number : text_above_number);
  header_is_comment_ = comment && has_header_;
  columns_ = static_cast<int64_t>(comment && !second.empty() ? second.size() : first.size());
  if (has_header_) names_ = first;
  HGQ_CHECK(!header_is_comment_ || static_cast<int64_t>(names_.size()) == columns_, FileError, bytes_->place(),
            ": the header has ", names_.size(), " names, but the rows have ", columns_, " fields");
}

void CsvTable::count_rows() {
  CsvRecords records(*bytes_, {});
  std::vector<std::string_view> fields;
  std::string unquoted;
  int64_t first_line = 0;
  bool header_is_next = has_header_ && !header_is_comment_;
  while (records.next()) {
    split_fields(records.text(), separator_, fields, unquoted);
    if (first_line == 0) first_line = records.position().line;
    HGQ_CHECK(static_cast<int64_t>(fields.size()) == columns_, FileError, bytes_->place(), ":", records.position().line,
              ": has ", fields.size(), fields.size() == 1 ? " field" : " fields", ", expected ", columns_,
              " as in line ", first_line, " (separator ",
              separator_ == '\t'  ? "tab"
              : separator_ == ' ' ? "blank"
                                  : concat("'", separator_, "'"),
              ")");
    if (header_is_next) {
      header_is_next = false;
      continue;
    }
    if (rows_ % kIndexRows == 0) index_.push_back(records.position());
    ++rows_;
  }
  HGQ_CHECK(rows_ > 0, FileError, bytes_->place(), ": has no rows", has_header_ ? " below its header" : "");
}

CsvRecords CsvTable::records_from(int64_t row) const {
  CsvRecords records(*bytes_, index_[static_cast<size_t>(row / kIndexRows)]);
  for (int64_t i = 0; i < row % kIndexRows; ++i) records.next();
  return records;
}

std::string CsvTable::column_name(int64_t column) const {
  return names_.empty() ? concat(column, " (from 0)") : concat("'", names_[static_cast<size_t>(column)], "'");
}

bool CsvTable::add_range(const std::string& choice, std::vector<int64_t>& columns) const {
  const size_t colon = choice.find(':');
  if (colon == std::string::npos) return false;
  const std::string from = choice.substr(0, colon);
  const std::string to = choice.substr(colon + 1);
  if ((!from.empty() && !integer_of(from)) || (!to.empty() && !integer_of(to))) return false;
  const auto counted = [this](int64_t value) { return value < 0 ? value + columns_ : value; };
  const int64_t begin = from.empty() ? 0 : counted(*integer_of(from));
  const int64_t end = to.empty() ? columns_ : counted(*integer_of(to));
  HGQ_CHECK(begin >= 0 && end <= columns_ && begin < end, FileError, bytes_->place(), ": columns ", choice,
            " are asked for, but there are ", columns_, ": 0:", columns_, " are all of them");
  for (int64_t i = begin; i < end; ++i) columns.push_back(i);
  return true;
}

void CsvTable::add_columns(const std::string& choice, std::vector<int64_t>& columns) const {
  const int64_t occurrences = std::ranges::count(names_, choice);
  HGQ_CHECK(occurrences <= 1, FileError, bytes_->place(), ": the header has the name '", choice, "' ", occurrences,
            " times; choose the column by its number");
  if (occurrences == 1) {
    columns.push_back(std::ranges::find(names_, choice) - names_.begin());
    return;
  }
  if (add_range(choice, columns)) return;
  const std::optional<int64_t> number = integer_of(choice);
  if (number) {
    HGQ_CHECK(*number >= -columns_ && *number < columns_, FileError, bytes_->place(), ": has no column ", *number,
              "; its columns are 0 to ", columns_ - 1);
    columns.push_back(*number < 0 ? *number + columns_ : *number);
    return;
  }
  HGQ_CHECK(!names_.empty(), FileError, bytes_->place(), ": has no header, so there is no column '", choice,
            "'; choose by number, 0 to ", columns_ - 1, ", or by range, 0:", columns_);
  throw FileError(concat(bytes_->place(), ": has no column '", choice, "'; its columns are ", quoted_names(names_),
                         did_you_mean(choice, names_, "; ")));
}

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
  const Shape sample{static_cast<int64_t>(columns.size())};
  if (may_be_text && single) {
    CsvRecords first = table->records_from(0);
    first.next();
    const std::vector<std::string> fields = fields_of(first.text(), table->separator_);
    const std::string& value = fields[static_cast<size_t>(columns[0])];
    if (!value.empty() && !number_of(value))
      return std::make_unique<CsvRows>(table, place, std::move(columns), Shape{}, true);
  }
  return std::make_unique<CsvRows>(table, place, std::move(columns), sample, false);
}

}  // namespace hgq
