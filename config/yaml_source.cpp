#include "hgq/config/yaml_source.h"

#include <algorithm>

#include "hgq/core/error.h"
#include "hgq/core/printable.h"

namespace hgq {
namespace {

std::string hexadecimal(unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  return {'0', 'x', kDigits[byte >> 4U], kDigits[byte & 15U]};
}

}  // namespace

YamlSource::YamlSource(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
  lines_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') lines_.push_back(i + 1);
  }
}

std::size_t YamlSource::offset(int line, int column) const {
  if (line < 0 || column < 0) return text_.size();
  const std::size_t at = std::min(static_cast<std::size_t>(line), lines_.size() - 1);
  return std::min(lines_[at] + static_cast<std::size_t>(column), text_.size());
}

std::size_t YamlSource::line_of(std::size_t offset) const {
  return static_cast<std::size_t>(std::upper_bound(lines_.begin(), lines_.end(), offset) - lines_.begin()) - 1;
}

std::string YamlSource::place(std::size_t offset) const {
  const std::size_t line = line_of(offset);
  // Places are asked for nearly in the order of the text, so the last one is kept: a long line is counted once, and not
  // again for each of its values.
  const bool goes_on = last_offset_ >= lines_[line] && last_offset_ <= offset;
  std::size_t column = goes_on ? last_column_ : 1;
  for (std::size_t i = goes_on ? last_offset_ : lines_[line]; i < offset && i < text_.size(); ++i) {
    column += static_cast<std::size_t>((static_cast<unsigned char>(text_[i]) & 0xC0U) != 0x80U);
  }
  last_offset_ = offset;
  last_column_ = column;
  return concat(file_, ":", line + 1, ":", column);
}

bool check_text(const YamlSource& source, ErrorList& errors) {
  const std::string_view text = source.text();
  if (text.starts_with("\x89HDF\r\n\x1A\n")) {
    errors.add(source.file(), "this is an HDF5 file, expected a configuration in YAML");
    return false;
  }
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    errors.add(source.file(), "this is text in UTF-16, expected UTF-8: save it in that encoding");
    return false;
  }
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool line_end = byte == '\r' && text.substr(i, 2) == "\r\n";
    if ((byte < 0x20 && byte != '\n' && byte != '\t' && !line_end) || byte == 0x7F) {
      errors.add(source.place(i), concat("control character ", hexadecimal(byte), ", expected a text file"));
      return false;
    }
    const std::size_t length = utf8_length(text.substr(i));
    if (length == 0) {
      errors.add(source.place(i), concat("byte ", hexadecimal(byte), " is not UTF-8, expected a text file in UTF-8"));
      return false;
    }
    i += length;
  }
  return true;
}

bool check_tabs(const YamlSource& source, ErrorList& errors) {
  const std::string_view text = source.text();
  bool found = false;
  for (const std::size_t start : source.lines()) {
    const std::size_t content = std::min(text.find_first_not_of(" \t\r", start), text.size());
    const std::string_view indentation = text.substr(start, content - start);
    const std::size_t tab = indentation.find('\t');
    const bool has_content = content < text.size() && text[content] != '\n' && text[content] != '#';
    if (tab == std::string_view::npos || !has_content) continue;
    errors.add(source.place(start + tab), "a tab in the indentation, expected spaces");
    found = true;
  }
  return !found;
}

std::size_t end_of_quote(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    const bool doubled = quote == '\'' && text.substr(i, 2) == "''";
    if (doubled || (quote == '"' && text[i] == '\\')) {
      ++i;
    } else if (text[i] == quote) {
      return i;
    }
  }
  return std::string_view::npos;
}

std::optional<std::size_t> open_quote(std::string_view text, std::size_t from) {
  for (std::size_t i = from; i < text.size(); ++i) {
    const bool starts_word = i == 0 || std::string_view(" \t\n[{,:").find(text[i - 1]) != std::string_view::npos;
    if (!starts_word) continue;
    if (text[i] == '#') {
      i = std::min(text.find('\n', i), text.size());
    } else if (text[i] == '"' || text[i] == '\'') {
      const std::size_t end = end_of_quote(text, i);
      if (end == std::string_view::npos) return i;
      i = end;
    }
  }
  return std::nullopt;
}

}  // namespace hgq
