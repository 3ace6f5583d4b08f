#include "hgq/data/csv_records.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "hgq/core/error.h"

namespace hgq {
namespace {

constexpr int64_t kCsvPiece = int64_t{1} << 20U;
constexpr size_t kMostFields = size_t{1} << 20U;
constexpr size_t kLongestRecord = size_t{64} << 20U;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Whether a character is the separator, or, for ' ', any blank.
bool separates(char c, char separator) { return c == separator || (separator == ' ' && is_blank(c)); }

/// Removes a quoted field from the beginning of `rest`, which begins with a quote.
std::string_view take_quoted(std::string_view& rest, std::string& unquoted) {
  const size_t begin = unquoted.size();
  size_t i = 1;
  for (; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      if (i + 1 == rest.size() || rest[i + 1] != '"') break;
      ++i;
    }
    unquoted += rest[i];
  }
  rest.remove_prefix(std::min(i + 1, rest.size()));
  return std::string_view(unquoted).substr(begin);
}

/// Whether a number that does not fit into float64 is too large or too small. That depends on its digits, too, not only
/// on its exponent.
double beyond_double(std::string_view field) {
  const bool negative = field.starts_with('-');
  if (negative) field.remove_prefix(1);
  const size_t e = std::min(field.find_first_of("eE"), field.size());
  const std::string_view digits = field.substr(0, e);
  const size_t point = std::min(digits.find('.'), digits.size());
  const size_t first = std::min(digits.find_first_of("123456789"), digits.size());
  // The power of ten of the first digit that is not 0, without the exponent.
  const int64_t power = static_cast<int64_t>(point) - static_cast<int64_t>(first) - (first < point ? 1 : 0);
  std::string_view exponent_text = e < field.size() ? field.substr(e + 1) : std::string_view("0");
  if (exponent_text.starts_with('+')) exponent_text.remove_prefix(1);
  int64_t exponent = 0;
  const auto [end, error] =
      std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);
  const bool small =
      first == digits.size() || (error == std::errc::result_out_of_range ? exponent_text.starts_with('-')
                                                                         : power < -std::max(exponent, -INT64_MAX));
  const double value = small ? 0.0 : std::numeric_limits<double>::infinity();
  return negative ? -value : value;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

}  // namespace

CsvRecords::CsvRecords(const Bytes& bytes, const CsvPosition& start, CsvFormat format)
    : bytes_(bytes), format_(std::move(format)), loaded_(start.offset), upcoming_(start) {
  if (start.offset == 0 && bytes.front(3) == "\xef\xbb\xbf") {  // the byte order mark of UTF-8
    loaded_ = 3;
    upcoming_.offset = 3;
  }
}

std::string CsvRecords::place(int64_t line) const { return concat(bytes_.place(), ":", line); }

bool CsvRecords::fill() {
  if (loaded_ >= bytes_.size()) return false;
  buffer_.erase(0, begin_);
  begin_ = 0;
  HGQ_CHECK(buffer_.size() <= kLongestRecord, FileError, place(upcoming_.line),
            ": is longer than 64 MiB, or a quote is never closed");
  const auto count = static_cast<size_t>(std::min(kCsvPiece, bytes_.size() - loaded_));
  const size_t old = buffer_.size();
  buffer_.resize(old + count);
  bytes_.read(loaded_, std::span(buffer_).subspan(old));
  HGQ_CHECK(buffer_.find('\0', old) == std::string::npos, FileError, place(upcoming_.line),
            ": contains a zero byte, so it is not text; expected CSV in UTF-8 or ASCII");
  loaded_ += static_cast<int64_t>(count);
  return true;
}

/// The character at this distance after begin_; nullopt after the end of the file.
std::optional<char> CsvRecords::peek(size_t offset) {
  while (begin_ + offset >= buffer_.size()) {
    if (!fill()) return std::nullopt;
  }
  return buffer_[begin_ + offset];
}

bool CsvRecords::begins_comment() {
  if (format_.comment.empty()) return false;
  size_t offset = 0;
  for (auto c = peek(0); c && is_blank(*c); c = peek(offset)) ++offset;
  for (size_t i = 0; i < format_.comment.size(); ++i) {
    if (peek(offset + i) != format_.comment[i]) return false;
  }
  // The error values of a spreadsheet (#N/A) are values, not comments.
  constexpr std::array<std::string_view, 6> kErrors = {"#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!"};
  return std::ranges::none_of(kErrors, [&](std::string_view error) {
    for (size_t i = 0; i < error.size(); ++i) {
      if (peek(offset + i) != error[i]) return false;
    }
    return true;
  });
}

/// Whether there are only blanks between a quote and the separator or the beginning of the record before it.
bool CsvRecords::opens_field(size_t quote) const {
  for (size_t i = quote; i > 0; --i) {
    const char before = buffer_[begin_ + i - 1];
    if (separates(before, format_.separator)) return true;
    if (!is_blank(before)) return false;
  }
  return true;
}

/// The next quote or line end in the loaded part, or the end of that part.
size_t CsvRecords::skip_plain(size_t offset) const {
  size_t at = begin_ + offset;
  while (at < buffer_.size() && buffer_[at] != '"' && buffer_[at] != '\n' && buffer_[at] != '\r') ++at;
  return at - begin_;
}

bool CsvRecords::next_line() {
  position_ = upcoming_;
  is_comment_ = begins_comment();
  int64_t lines = 0;
  int64_t quote_line = 0;  // the line of the open quote; 0: no quote is open
  size_t scanned = 0;
  while (true) {
    scanned = skip_plain(scanned);
    const std::optional<char> c = peek(scanned);
    if (!c) {
      HGQ_CHECK(quote_line == 0, FileError, place(quote_line),
                ": a quote is never closed; a quote that begins a field ends with it, and is doubled inside");
      if (scanned == 0) return false;
      record_ = std::string_view(buffer_).substr(begin_, scanned);
      begin_ += scanned;
      upcoming_.offset += static_cast<int64_t>(scanned);
      return true;
    }
    if (*c == '"') {
      if (quote_line > 0) {
        if (peek(scanned + 1) == '"') {
          ++scanned;
        } else {
          quote_line = 0;
        }
      } else if (!is_comment_ && opens_field(scanned)) {
        quote_line = position_.line + lines;
      }
      ++scanned;
    } else if (*c == '\n' || *c == '\r') {
      const size_t width = *c == '\r' && peek(scanned + 1) == '\n' ? 2 : 1;
      ++lines;
      if (quote_line > 0) {
        scanned += width;
        continue;
      }
      record_ = std::string_view(buffer_).substr(begin_, scanned);
      begin_ += scanned + width;
      upcoming_.offset += static_cast<int64_t>(scanned + width);
      upcoming_.line += lines;
      return true;
    }
  }
}

bool CsvRecords::next_or_comment() {
  while (next_line()) {
    if (!trimmed(record_).empty()) return true;
  }
  return false;
}

bool CsvRecords::next() {
  while (next_or_comment()) {
    if (!is_comment_) return true;
    ++comments_;
  }
  return false;
}

const std::vector<std::string_view>& CsvRecords::fields() {
  const bool split = split_fields(record_, format_.separator, fields_, unquoted_, kMostFields + 1);
  HGQ_CHECK(fields_.size() <= kMostFields, FileError, place(position_.line), ": has more than ", kMostFields,
            " fields (separator: ", separator_name(format_.separator),
            "), the most that can be read; save such wide rows as HDF5, NPY or NPZ");
  HGQ_CHECK(split, FileError, place(position_.line), ": there is text after a closing quote in '",
            record_.substr(0, 60), "'; a quote that begins a field ends with it, and is doubled inside");
  return fields_;
}

bool split_fields(std::string_view record, char separator, std::vector<std::string_view>& fields, std::string& unquoted,
                  size_t most) {
  fields.clear();
  unquoted.clear();
  unquoted.reserve(record.size());  // so that the fields in it stay where they are
  std::string_view rest = separator == ' ' ? trimmed(record) : record;
  while (true) {
    size_t lead = 0;
    while (lead < rest.size() && is_blank(rest[lead]) && !separates(rest[lead], separator)) ++lead;
    if (lead < rest.size() && rest[lead] == '"') {
      rest.remove_prefix(lead);
      fields.push_back(take_quoted(rest, unquoted));
      while (!rest.empty() && is_blank(rest.front()) && !separates(rest.front(), separator)) rest.remove_prefix(1);
      if (!rest.empty() && !separates(rest.front(), separator)) return false;
    } else {
      const auto end = std::ranges::find_if(rest, [&](char c) { return separates(c, separator); });
      const auto length = static_cast<size_t>(end - rest.begin());
      fields.push_back(trimmed(rest.substr(0, length)));
      rest.remove_prefix(length);
    }
    if (rest.empty() || fields.size() == most) return true;
    rest.remove_prefix(1);
    while (separator == ' ' && !rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
  }
}

std::optional<double> number_of(std::string_view field) {
  field = trimmed(field);
  if (field.starts_with('+') && field.size() > 1 && field[1] != '-') field.remove_prefix(1);
  double value = 0.0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (field.empty() || end != field.data() + field.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return beyond_double(field);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

std::optional<Label> label_number_of(std::string_view field) {
  field = trimmed(field);
  std::string_view digits = field;
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  const auto integer = [&](auto value) -> std::optional<Label> {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size() ? std::optional(static_cast<Label>(value))
                                                                        : std::nullopt;
  };
  if (const auto value = integer(int64_t{0})) return value;
  if (const auto value = integer(uint64_t{0})) return value;
  const std::optional<double> value = number_of(field);
  return value ? std::optional(static_cast<Label>(*value)) : std::nullopt;
}

bool is_missing(std::string_view field) {
  constexpr std::array<std::string_view, 12> kMissing = {"?",    "na", "n/a", "nan", "null", "none",
                                                         "#n/a", "-",  "--",  ".",   "<na>", "-nan"};
  field = trimmed(field);
  return field.empty() || (field.size() <= 4 && std::ranges::find(kMissing, lower_case(field)) != kMissing.end());
}

bool has_decimal_comma(std::string_view field) {
  field = trimmed(field);
  const size_t comma = field.find(',');
  if (comma == std::string_view::npos || field.find_first_not_of("+-0123456789,.eE") != std::string_view::npos)
    return false;
  std::string with_point(field);
  std::erase(with_point, '.');  // 1.234,5: here points group the digits
  const size_t at = with_point.find(',');
  with_point[at] = '.';
  return number_of(with_point).has_value();
}

std::string separator_name(char separator) {
  return separator == '\t' ? "tab" : separator == ' ' ? "blank" : concat("'", separator, "'");
}

}  // namespace hgq
