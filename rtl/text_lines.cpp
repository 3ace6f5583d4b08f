#include "hgq/rtl/text_lines.h"

#include <algorithm>

#include "hgq/core/error.h"

namespace hgq::rtl {
namespace {

constexpr size_t kWidth = 110;

}  // namespace

std::string filled(std::string_view pattern, const std::vector<std::pair<std::string_view, std::string>>& texts) {
  std::string out;
  while (true) {
    const size_t begin = pattern.find('@');
    out += pattern.substr(0, begin);
    if (begin == std::string_view::npos) return out;
    const size_t end = pattern.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", begin + 1);
    if (end == begin + 1 || end == std::string_view::npos || pattern[end] != '@') {
      out += '@';  // of the language itself
      pattern.remove_prefix(begin + 1);
      continue;
    }
    const std::string_view name = pattern.substr(begin + 1, end - begin - 1);
    const auto found = std::ranges::find(texts, name, &std::pair<std::string_view, std::string>::first);
    HGQ_CHECK(found != texts.end(), Error, "a pattern has @", name, "@, for which there is no text");
    out += found->second;
    pattern.remove_prefix(end + 1);
  }
}

std::string broken(std::string_view line, std::string_view separator, int indent) {
  if (line.size() <= kWidth) return std::string(line);
  std::string out;
  size_t column = 0;
  for (size_t at = 0; at < line.size();) {
    const size_t found = line.find(separator, at);
    const size_t end = found == std::string_view::npos ? line.size() : found + separator.size();
    if (column > 0 && column + (end - at) > kWidth) {
      out.pop_back();  // the space that ends the separator
      out += '\n';
      out.append(static_cast<size_t>(indent), ' ');
      column = static_cast<size_t>(indent);
    }
    out += line.substr(at, end - at);
    column += end - at;
    at = end;
  }
  return out;
}

std::string with_comment(const std::string& line, std::string_view mark, const std::string& comment) {
  if (comment.empty()) return line;
  const size_t last = line.rfind('\n');
  const size_t width = last == std::string::npos ? line.size() : line.size() - last;
  if (width + comment.size() < kWidth + 20) return concat(line, "  ", mark, " ", comment);
  const size_t indent = line.find_first_not_of(' ');
  return concat(std::string(indent == std::string::npos ? 0 : indent, ' '), mark, " ", comment, "\n", line);
}

}  // namespace hgq::rtl
