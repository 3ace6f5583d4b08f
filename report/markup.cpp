#include "hgq/report/markup.h"

#include "hgq/core/printable.h"

namespace hgq::report {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

/// The bytes of the character at the begin of `rest`; 0 if it must be replaced. C1 controls (U+0080 to U+009F),
/// overrides of the direction of writing and the two characters that XML forbids are replaced, too.
size_t shown_length(std::string_view rest) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(rest[i]); };
  if (byte(0) < 0x20) return rest[0] == '\n' || rest[0] == '\t' ? 1 : 0;
  if (byte(0) == 0x7F) return 0;
  const size_t length = utf8_length(rest);
  if (length == 2 && byte(0) == 0xC2 && byte(1) < 0xA0) return 0;
  if (length == 3 && byte(0) == 0xE2 && byte(1) == 0x80 && byte(2) >= 0xAA && byte(2) <= 0xAE) return 0;
  if (length == 3 && byte(0) == 0xE2 && byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9) return 0;
  if (length == 3 && byte(0) == 0xEF && byte(1) == 0xBF && byte(2) >= 0xBE) return 0;
  return length;
}

std::string_view entity(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return {};
  }
}

std::string opened(std::string_view name, std::initializer_list<Attribute> attributes) {
  std::string out = "<";
  out += name;
  for (const Attribute& attribute : attributes) {
    if (attribute.value.empty()) continue;
    out += ' ';
    out += attribute.name;
    out += "=\"";
    out += escaped(attribute.value);
    out += '"';
  }
  return out;
}

}  // namespace

Markup Markup::trusted(std::string markup) {
  Markup out;
  out.markup_ = std::move(markup);
  return out;
}

Markup& Markup::operator+=(const Markup& other) {
  markup_ += other.markup_;
  return *this;
}

Markup operator+(Markup a, const Markup& b) {
  a += b;
  return a;
}

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const size_t length = shown_length(text.substr(i));
    if (length == 0) {
      out += kReplacement;
      ++i;
      continue;
    }
    const std::string_view replaced = length == 1 ? entity(text[i]) : std::string_view();
    out += replaced.empty() ? text.substr(i, length) : replaced;
    i += length;
  }
  return out;
}

Markup text(std::string_view text) { return Markup::trusted(escaped(text)); }

Markup element(std::string_view name, std::initializer_list<Attribute> attributes, const Markup& content) {
  std::string out = opened(name, attributes);
  out += '>';
  out += content.str();
  out += "</";
  out += name;
  out += '>';
  return Markup::trusted(std::move(out));
}

Markup element(std::string_view name, std::initializer_list<Attribute> attributes, std::string_view content) {
  return element(name, attributes, text(content));
}

Markup empty_element(std::string_view name, std::initializer_list<Attribute> attributes) {
  return Markup::trusted(opened(name, attributes) + "/>");
}

size_t characters(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

std::string shortened(std::string_view text, size_t most) {
  if (characters(text) <= most) return std::string(text);
  size_t kept = 0;
  size_t end = 0;
  while (end < text.size() && kept + 1 < most) {
    const size_t length = utf8_length(text.substr(end));
    end += length == 0 ? 1 : length;
    ++kept;
  }
  return std::string(text.substr(0, end)) + std::string(kEllipsis);
}

}  // namespace hgq::report
