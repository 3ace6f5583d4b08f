#include "hgq/proxy/qkeras/input_types.h"

#include <charconv>
#include <optional>
#include <string_view>

#include "hgq/config/node.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

/// The parts between commas, without spaces.
std::vector<std::string> split_list(std::string_view list) {
  std::vector<std::string> parts(1);
  for (const char c : list) {
    if (c == ',') {
      parts.emplace_back();
    } else if (c != ' ') {
      parts.back() += c;
    }
  }
  return parts;
}

std::optional<int> integer(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

/// Removes the "AP_" from "AP_RND".
std::string_view plain(std::string_view mode) { return mode.starts_with("AP_") ? mode.substr(3) : mode; }

/// The sign of ap_fixed<...> or ap_ufixed<...>; sets `list` to the text in the brackets. nullopt for any other text.
std::optional<int> sign_of(std::string_view text, std::string_view& list) {
  const size_t open = text.find('<');
  if (open == std::string_view::npos || !text.ends_with('>')) return {};
  std::string_view name = text.substr(0, open);
  if (name.starts_with("ap_")) name.remove_prefix(3);
  list = text.substr(open + 1, text.size() - open - 2);
  if (name == "fixed") return 1;
  if (name == "ufixed") return 0;
  return {};
}

/// nullopt for text that is not a type.
std::optional<InputType> read_type(std::string_view text) {
  std::string_view list = text;
  std::vector<std::string> parts;
  if (const std::optional<int> sign = sign_of(text, list)) {
    parts = split_list(list);
    parts.insert(parts.begin(), concat(*sign));
  } else {
    parts = split_list(text);
  }
  if (parts.size() < 3 || parts.size() > 5) return {};
  const auto k = integer(parts[0]);
  const auto b = integer(parts[1]);
  const auto i = integer(parts[2]);
  if (!k || !b || !i || *k < 0 || *k > 1 || *b < 1 || *b > kMaxFixedBits || *i < -64 || *i > 64) return {};
  InputType type{.type = {.k = *k, .b = *b, .i = *i}};
  for (size_t p = 3; p < parts.size(); ++p) {
    const auto rounding = rounding_named(plain(parts[p]));
    const auto overflow = overflow_named(plain(parts[p]));
    if (p == 3 && rounding) {
      type.rounding = *rounding;
    } else if (overflow) {
      type.overflow = *overflow;
    } else {
      return {};
    }
  }
  return type;
}

}  // namespace

InputTypes read_input_types(const std::vector<std::string>& texts) {
  InputTypes types;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    const std::string name = equals == std::string::npos ? "" : text.substr(0, equals);
    const std::optional<InputType> type =
        read_type(std::string_view(text).substr(equals == std::string::npos ? 0 : equals + 1));
    HGQ_CHECK(type && equals != 0, ConfigError, "--input-bits ", printable(text),
              ": expected a type such as 'ap_fixed<16,6>', 'ap_ufixed<8,0,AP_RND,AP_SAT>' or 1,16,6 (sign, bits, bits "
              "before the point), of at most ",
              kMaxFixedBits, " bits, or NAME=TYPE for one of several inputs");
    HGQ_CHECK(types.emplace(name, *type).second, ConfigError, "--input-bits ", printable(text), ": ",
              name.empty() ? "all inputs have" : "this input has", " a type already");
  }
  return types;
}

}  // namespace hgq
