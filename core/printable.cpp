#include "hgq/core/printable.h"

#include <algorithm>

#include "hgq/core/error.h"

namespace hgq {
namespace {

uint32_t code_of(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  uint32_t code = character.size() == 1 ? byte(0) : byte(0) & (0xFFU >> (character.size() + 1));
  for (std::size_t i = 1; i < character.size(); ++i) code = code << 6U | (byte(i) & 0x3FU);
  return code;
}

/// Control characters, and characters that change the direction of writing or that some programs take for a line end.
bool is_control(uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || (code >= 0x200B && code <= 0x200F) ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF;
}

/// Removes the first character from `text`, and returns it, or "?" if it cannot be printed.
std::string_view take_character(std::string_view& text) {
  const std::size_t length = utf8_length(text);
  const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
  text.remove_prefix(character.size());
  return length == 0 || is_control(code_of(character)) ? std::string_view("?") : character;
}

/// The offset at which the character that contains byte `at` begins.
std::size_t character_start(std::string_view text, std::size_t at) {
  while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) --at;
  return at;
}

std::string without_middle(std::string_view line) {
  constexpr std::size_t kLongest = 1000;
  constexpr std::size_t kTail = 300;  // the end of a message says what to do
  if (line.size() <= kLongest) return std::string(line);
  const std::string_view front = line.substr(0, character_start(line, kLongest - kTail));
  const std::string_view back = line.substr(character_start(line, line.size() - kTail));
  return concat(front, " ... (", line.size() - front.size() - back.size(), " characters) ... ", back);
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  }
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool surrogate = first == 0xED && byte(1) >= 0xA0;
  const bool too_large = first == 0xF4 && byte(1) >= 0x90;
  return overlong || surrogate || too_large ? 0 : length;
}

std::string printable(std::string_view text) {
  constexpr int kLongest = 60;
  std::string out;
  for (int characters = 0; !text.empty(); ++characters) {
    if (characters == kLongest) return out + "...";
    out += take_character(text);
  }
  return out;
}

std::string printable_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (text.front() == '\n' || text.front() == '\t') {
      out += text.front();
      text.remove_prefix(1);
    } else {
      out += take_character(text);
    }
  }
  return out;
}

std::string bounded_message(std::string_view text) {
  constexpr int kMostLines = 100;
  std::string out;
  for (int lines = 0; !text.empty(); ++lines) {
    if (lines == kMostLines) return out + "... and more lines";
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += printable_text(without_middle(text.substr(0, end)));
    if (end < text.size()) out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace hgq
