#include "hgq/data/csv_format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <tuple>
#include <utility>

#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

constexpr size_t kLongestNames = size_t{16} << 20U;  // names of columns are not searched in longer comments

constexpr size_t kFirstRecords = 50;
constexpr int64_t kLongestLeadingLine = 64;

using Fields = std::vector<std::string>;

/// The first records, cut with one of the separators.
struct Sample {
  std::vector<Fields> records;
  std::vector<std::string> comments;  // before the first record
  int64_t first_line = 1;             // of the first record
  bool broken = false;                // a quote that does not fit stopped the reading
};

Sample read_sample(const Bytes& bytes, const CsvPosition& start, const CsvFormat& format) {
  Sample sample;
  CsvRecords reader(bytes, start, format);
  try {
    while (sample.records.size() < kFirstRecords && reader.next_or_comment()) {
      if (reader.is_comment()) {
        if (sample.records.empty()) sample.comments.emplace_back(reader.text());
        continue;
      }
      if (sample.records.empty()) sample.first_line = reader.position().line;
      const std::vector<std::string_view>& fields = reader.fields();
      sample.records.emplace_back(fields.begin(), fields.end());
    }
  } catch (const FileError&) {
    sample.broken = true;  // reported when all rows are counted
  }
  return sample;
}

/// How well a separator fits; a greater value is better.
struct Fit {
  double even = 0;     // share of the records with the most common number of fields
  double numbers = 0;  // share of the fields that are numbers, or missing
  bool not_blank = false;
  size_t fields = 0;

  auto key() const { return std::tuple(even, numbers, not_blank, fields); }
};

Fit fit_of(const Sample& sample, char separator) {
  std::map<size_t, size_t> counts;
  size_t numbers = 0;
  size_t fields = 0;
  for (const Fields& record : sample.records) {
    ++counts[record.size()];
    fields += record.size();
    for (const std::string& field : record) {
      const bool number = is_missing(field) || number_of(field) || (separator != ',' && has_decimal_comma(field));
      numbers += number ? 1U : 0U;
    }
  }
  const auto most = std::ranges::max_element(counts, {}, [](const auto& c) { return std::pair(c.second, c.first); });
  if (most == counts.end() || most->first < 2) return {};
  const size_t records = sample.records.size() + (sample.broken ? 1 : 0);
  return {static_cast<double>(most->second) / static_cast<double>(records),
          static_cast<double>(numbers) / static_cast<double>(fields), separator != ' ', most->first};
}

/// If the first line is `sep=;`: returns the separator, and moves `start` to the next line.
std::optional<char> leading_separator(const Bytes& bytes, CsvPosition& start) {
  std::string front = bytes.front(kLongestLeadingLine);
  const size_t mark = front.starts_with("\xef\xbb\xbf") ? 3 : 0;
  const size_t end = front.find_first_of("\r\n", mark);
  if (end == std::string::npos) return std::nullopt;
  std::string line = front.substr(mark, end - mark);
  if (line.starts_with('"') && line.ends_with('"') && line.size() > 1) line = line.substr(1, line.size() - 2);
  const bool is_mark = line.size() == 5 && (line.starts_with("sep=") || line.starts_with("SEP="));
  if (!is_mark) return std::nullopt;
  start.offset = static_cast<int64_t>(end + (front.compare(end, 2, "\r\n") == 0 ? 2 : 1));
  start.line = 2;
  return line[4];
}

/// Whether most of the values are numbers; if as many are text, the first value decides. nullopt if all values are
/// missing.
std::optional<bool> holds_numbers(const std::vector<Fields>& records, size_t first, size_t column) {
  size_t numbers = 0;
  size_t texts = 0;
  bool begins_with_number = false;
  for (size_t i = first; i < records.size(); ++i) {
    if (column >= records[i].size() || is_missing(records[i][column])) continue;
    const bool number = number_of(records[i][column]) || has_decimal_comma(records[i][column]);
    if (numbers + texts == 0) begins_with_number = number;
    ++(number ? numbers : texts);
  }
  if (numbers + texts == 0) return std::nullopt;
  return numbers > texts || (numbers == texts && begins_with_number);
}

bool is_name(const std::string& field) {
  const auto first = static_cast<unsigned char>(field.empty() ? '\0' : field[0]);
  return (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '_' || first >= 0x80;
}

std::optional<int64_t> integer_of(const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(value)
                                                                                   : std::nullopt;
}

/// Whether the fields are from, from + 1, from + 2, ...
bool counts_up(const Fields& fields, std::optional<int64_t> from = std::nullopt) {
  for (size_t i = 0; i < fields.size(); ++i) {
    const std::optional<int64_t> value = integer_of(fields[i]);
    if (!value) return false;
    if (!from) from = *value;
    if (*value - static_cast<int64_t>(i) != *from) return false;
  }
  return !fields.empty();
}

/// Decides whether the first record is a header.
class HeaderFinder {
 public:
  HeaderFinder(const Bytes& bytes, const CsvOptions& options, const Sample& sample, CsvFindings& findings)
      : bytes_(bytes), options_(options), sample_(sample), findings_(findings) {}

  void find() {
    const Fields& first = sample_.records.front();
    if (options_.header == false) return;
    const bool comment_fits = find_names_in_comments();
    if (options_.header == true) {
      findings_.first_is_header = !comment_fits || !all_numbers(first);
    } else {
      findings_.first_is_header = first_is_header(first);
    }
    if (findings_.first_is_header) {
      findings_.names = first;
      if (options_.header == true && all_numbers(first) && sample_.records.size() > 1 && !counts_up(first, 0))
        findings_.remarks.push_back(concat(
            "line ", sample_.first_line, " holds numbers, and is the header because the option header of csv says so"));
      return;
    }
    if (options_.header) return;
    if (findings_.names.empty() && looks_apart(first))
      findings_.remarks.push_back(concat("line ", sample_.first_line, " (", first.front(),
                                         ") is taken as a row, since all columns hold text; if it is a header, say ",
                                         kSayHeader));
    if (findings_.names.empty() && looks_numbered(first))
      findings_.remarks.push_back(concat("line ", sample_.first_line, " is ", first.front(), ", ", first[1],
                                         first.size() > 3 ? ", ..." : "",
                                         first.size() > 2 ? concat(", ", first.back()) : std::string(),
                                         ", as pandas writes a table without names, and is taken as a row; if it is a "
                                         "header, say ",
                                         kSayHeader));
  }

 private:
  static bool all_numbers(const Fields& fields) {
    return std::ranges::all_of(fields, [](const std::string& f) { return number_of(f).has_value(); });
  }

  /// The last comment that has a name for each column.
  bool find_names_in_comments() {
    for (auto comment = sample_.comments.rbegin(); comment != sample_.comments.rend(); ++comment) {
      std::string_view text(*comment);
      text.remove_prefix(std::min(text.find(findings_.format.comment) + findings_.format.comment.size(), text.size()));
      while (text.starts_with('#')) text.remove_prefix(1);
      std::vector<std::string_view> fields;
      std::string unquoted;
      if (text.size() > kLongestNames || !split_fields(text, findings_.format.separator, fields, unquoted)) continue;
      const bool fits = fields.size() == findings_.columns && !fields.front().empty() &&
                        std::ranges::all_of(fields, [](std::string_view f) { return !f.empty() && !number_of(f); });
      if (!fits) continue;
      findings_.names.assign(fields.begin(), fields.end());
      return true;
    }
    return false;
  }

  /// Whether the first record consists of names above columns of text in which these names do not occur again.
  bool looks_apart(const Fields& first) const {
    const std::vector<Fields>& records = sample_.records;
    for (size_t i = 0; i < first.size(); ++i) {
      const auto same = [&](const Fields& record) { return i < record.size() && record[i] == first[i]; };
      if (!is_name(first[i]) || std::any_of(records.begin() + 1, records.end(), same)) return false;
    }
    return records.size() > 2;
  }

  /// Whether the first record counts up (0, 1, 2 or 2019, 2020, 2021), and the second does not.
  bool looks_numbered(const Fields& first) const {
    const bool counts = counts_up(first, 0) ? first.size() > 1 : counts_up(first) && first.size() > 2;
    return counts && sample_.records.size() > 1 && !counts_up(sample_.records[1]);
  }

  bool first_is_header(const Fields& first) const {
    if (sample_.records.size() == 1)
      return findings_.names.empty() && std::ranges::all_of(first, [](const std::string& f) { return is_name(f); });
    Fields numbers;
    size_t names = 0;
    size_t other_texts = 0;
    size_t missing = 0;
    size_t text_column = 0;
    size_t number_column = 0;
    for (size_t i = 0; i < first.size(); ++i) {
      if (holds_numbers(sample_.records, 1, i) != true) continue;
      const std::string& field = first[i];
      if (field.empty()) continue;  // the name of pandas' index, or a missing value
      if (is_missing(field)) {
        ++missing;
      } else if (number_of(field) || has_decimal_comma(field)) {
        numbers.push_back(field);
        number_column = i;
      } else {
        ++(is_name(field) ? names : other_texts);
        text_column = i;
      }
    }
    if (names + other_texts == 0) return false;
    if (names > 0 && missing == 0 && numbers.empty()) return true;
    const bool numbered = counts_up(numbers, 0) || counts_up(numbers, 1);
    if (names > 0 && other_texts == 0 && missing == 0 && numbered) return true;
    throw FileError(concat(
        bytes_.place(), ":", sample_.first_line, ": column ", text_column, " (from 0) holds '",
        first[text_column].substr(0, 60), "' above numbers, as a header would",
        numbers.empty() ? std::string(", but it is no name")
                        : concat(", but column ", number_column, " holds ", numbers.back(), ", as a row would"),
        "; say which it is by csv: {header: true} or csv: {header: false}, on a command by --csv 'header: true'"));
  }

  const Bytes& bytes_;
  const CsvOptions& options_;
  const Sample& sample_;
  CsvFindings& findings_;
};

}  // namespace

CsvFindings find_csv_format(const Bytes& bytes, const CsvOptions& options) {
  CsvFindings findings;
  findings.format.comment = options.comment.value_or("#");
  std::optional<char> separator = leading_separator(bytes, findings.start);
  if (separator) findings.remarks.emplace_back("the first line gives the separator");
  if (options.separator) separator = options.separator;
  // Of equally good separators the first is taken: characters that are rare in text come first.
  constexpr std::array<char, 5> kCandidates = {'\t', ';', '|', ',', ' '};
  Sample sample;
  if (separator) {
    findings.format.separator = *separator;
    sample = read_sample(bytes, findings.start, findings.format);
  } else {
    Fit best;
    for (const char candidate : kCandidates) {
      const CsvFormat format{candidate, findings.format.comment};
      Sample read = read_sample(bytes, findings.start, format);
      const Fit fit = fit_of(read, candidate);
      if (fit.key() <= best.key() && (best.fields > 0 || candidate != ',')) continue;
      best = fit;
      findings.format = format;
      sample = std::move(read);
    }
  }
  if (sample.records.empty()) {
    // There are no records, or none before something that cannot be read: reading again throws the error, if there is
    // one.
    CsvRecords reader(bytes, findings.start, findings.format);
    if (reader.next()) static_cast<void>(reader.fields());
    throw FileError(concat(bytes.place(), ": has no rows"));
  }
  const auto ends_empty = [](const Fields& f) { return f.size() > 1 && f.back().empty(); };
  findings.ends_with_separator = std::ranges::all_of(sample.records, ends_empty);
  if (findings.ends_with_separator) {
    for (Fields& record : sample.records) record.pop_back();
    findings.remarks.emplace_back("the separator at the end of every line does not begin another column");
  }
  findings.columns = sample.records.front().size();
  HeaderFinder(bytes, options, sample, findings).find();
  const size_t first_row = findings.first_is_header ? 1 : 0;
  for (size_t i = 0; i < findings.columns; ++i)
    findings.text_columns.push_back(holds_numbers(sample.records, first_row, i) == false);
  return findings;
}

}  // namespace hgq
