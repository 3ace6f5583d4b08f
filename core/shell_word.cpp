#include "hgq/core/shell_word.h"

#include <algorithm>

namespace hgq {

std::string shell_word(std::string_view text) {
  const auto is_plain = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || byte >= 0x80 ||
           std::string_view("_./:=@%+,-").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::ranges::all_of(text, is_plain)) return std::string(text);
  // Messages put commands into single quotes, so these are second choice.
  if (text.find_first_of("$`\"\\!") == std::string_view::npos) return "\"" + std::string(text) + "\"";
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace hgq
