#include "hgq/data/csv_records.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "hgq/core/error.h"

namespace hgq {
namespace {

constexpr int64_t kPiece = int64_t{1} << 20U;
constexpr size_t kLongestRecord = size_t{64} << 20U;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Whether the separator or, for ' ', any blank stands here.
bool separates(char c, char separator) { return c == separator || (separator == ' ' && is_blank(c)); }

/// Takes a quoted field off the front of `rest`, which begins with its quote.
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

}  // namespace

CsvRecords::CsvRecords(const Bytes& bytes, const CsvPosition& start, bool skip_comments)
    : bytes_(bytes), skip_comments_(skip_comments), loaded_(start.offset), upcoming_(start) {
  if (start.offset == 0 && bytes.front(3) == "\xef\xbb\xbf") {  // the byte order mark of UTF-8
    loaded_ = 3;
    upcoming_.offset = 3;
  }
}

std::string CsvRecords::place(const CsvPosition& position) const { return concat(bytes_.place(), ":", position.line); }

bool CsvRecords::fill() {
  if (loaded_ >= bytes_.size()) return false;
  buffer_.erase(0, begin_);
  begin_ = 0;
  HGQ_CHECK(buffer_.size() <= kLongestRecord, FileError, place(upcoming_),
            ": is longer than 64 MiB, or a quote is never closed");
  const auto count = static_cast<size_t>(std::min(kPiece, bytes_.size() - loaded_));
  const size_t old = buffer_.size();
  buffer_.resize(old + count);
  bytes_.read(loaded_, std::span(buffer_).subspan(old));
  HGQ_CHECK(buffer_.find('\0', old) == std::string::npos, FileError, place(upcoming_),
            ": contains a zero byte, so this is no text; expected CSV in UTF-8 or ASCII");
  loaded_ += static_cast<int64_t>(count);
  return true;
}

bool CsvRecords::next_record() {
  bool in_quotes = false;
  int64_t lines = 0;
  size_t scanned = 0;  // characters behind begin_ that are looked at
  while (true) {
    const std::string_view rest = std::string_view(buffer_).substr(begin_);
    const size_t stop = rest.find_first_of("\"\n", scanned);
    if (stop == std::string_view::npos) {
      scanned = rest.size();
      if (fill()) continue;
      HGQ_CHECK(!in_quotes, FileError, place(upcoming_), ": a quote is never closed");
      if (rest.empty()) return false;
    } else {
      scanned = stop + 1;
      if (rest[stop] == '"') {
        in_quotes = !in_quotes;
        continue;
      }
      ++lines;
      if (in_quotes) continue;
    }
    position_ = upcoming_;
    record_ = std::string_view(buffer_).substr(begin_, stop == std::string_view::npos ? scanned : stop);
    if (record_.ends_with('\r')) record_.remove_suffix(1);
    begin_ += scanned;
    upcoming_.offset += static_cast<int64_t>(scanned);
    upcoming_.line += lines;
    return true;
  }
}

bool CsvRecords::next() {
  while (next_record()) {
    const std::string_view content = trimmed(record_);
    if (content.empty() || (skip_comments_ && content.front() == '#')) continue;
    return true;
  }
  return false;
}

void split_fields(std::string_view record, char separator, std::vector<std::string_view>& fields,
                  std::string& unquoted) {
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
      while (!rest.empty() && !separates(rest.front(), separator)) rest.remove_prefix(1);
    } else {
      const auto end = std::ranges::find_if(rest, [&](char c) { return separates(c, separator); });
      const auto length = static_cast<size_t>(end - rest.begin());
      fields.push_back(trimmed(rest.substr(0, length)));
      rest.remove_prefix(length);
    }
    if (rest.empty()) return;
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
  if (error == std::errc::result_out_of_range)
    return field.find("e-") != std::string_view::npos || field.find("E-") != std::string_view::npos
               ? 0.0
               : std::numeric_limits<double>::infinity();
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

}  // namespace hgq
