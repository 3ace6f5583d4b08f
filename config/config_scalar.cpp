#include "hgq/config/config_scalar.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <string_view>

#include "hgq/core/error.h"

namespace hgq {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t count_digits(std::string_view text) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
}

/// [+-] digits [. digits] [e [+-] digits], without leading zeros; the digits before or after the point may be missing,
/// but not both.
bool looks_decimal(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t whole = count_digits(text);
  if (whole > 1 && text.front() == '0') return false;
  text.remove_prefix(whole);
  std::size_t fraction = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = count_digits(text);
    text.remove_prefix(fraction);
  }
  if (whole + fraction == 0) return false;
  if (text.empty()) return true;
  if (text.front() != 'e' && text.front() != 'E') return false;
  text.remove_prefix(1);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && count_digits(text) == text.size();
}

template <typename T>
std::optional<T> parse_whole(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string lower(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

std::optional<double> decimal_number(const Node& node) {
  if (!node.is_scalar() || node.quoted() || !looks_decimal(node.text())) return std::nullopt;
  return parse_whole<double>(node.text());
}

std::optional<int64_t> decimal_integer(const Node& node) {
  if (!node.is_scalar() || node.quoted() || !looks_decimal(node.text())) return std::nullopt;
  return parse_whole<int64_t>(node.text());
}

std::optional<bool> true_or_false(const Node& node) {
  if (!node.is_scalar() || node.quoted()) return std::nullopt;
  if (node.text() == "true") return true;
  if (node.text() == "false") return false;
  return std::nullopt;
}

std::optional<std::string> text_of(const Node& node) {
  if (!node.is_scalar() || true_or_false(node) || decimal_number(node)) return std::nullopt;
  return node.text();
}

std::string number_hint(const Node& node) {
  const std::string& text = node.text();
  if (node.quoted()) return decimal_number(Node::scalar(text)) ? " (write numbers without quotes)" : "";
  std::string_view digits = text;
  if (digits.starts_with('-') || digits.starts_with('+')) digits.remove_prefix(1);
  const std::string word = lower(digits);
  if (word == ".inf" || word == ".nan" || word == "inf" || word == "nan" || word == "infinity") {
    return " (numbers must be finite)";
  }
  if (looks_decimal(text) && !decimal_number(node)) return " (too large or too small for a double)";
  if (digits.empty() || !is_digit(digits.front())) return "";
  if (word.starts_with("0x") || word.starts_with("0o") || word.starts_with("0b")) return " (numbers are decimal)";
  if (digits.find('_') != std::string_view::npos) return " (write numbers without '_')";
  if (digits.find(',') != std::string_view::npos) return " (the decimal point is '.')";
  if (digits.size() > 1 && digits[0] == '0' && is_digit(digits[1])) return " (write numbers without leading zeros)";
  return "";
}

std::string integer_hint(const Node& node) {
  const auto value = decimal_number(node);
  if (!value || decimal_integer(node)) return number_hint(node);
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (std::floor(*value) != *value) return " (not a whole number)";
  if (std::fabs(*value) >= kExact) return " (too large)";
  return concat(" (write ", static_cast<int64_t>(*value), ")");
}

std::string boolean_hint(const Node& node) {
  const std::string word = lower(node.text());
  if (word == "true" || word == "yes" || word == "on" || word == "y" || word == "1")
    return " (write true, without quotes)";
  if (word == "false" || word == "no" || word == "off" || word == "n" || word == "0")
    return " (write false, without quotes)";
  return "";
}

}  // namespace hgq
