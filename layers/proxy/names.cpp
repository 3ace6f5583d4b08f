#include "hgq/layers/proxy/names.h"

#include <algorithm>
#include <array>

#include "hgq/core/error.h"
#include "hgq/core/node.h"

namespace hgq {
namespace {

constexpr auto kKeywords = std::to_array<std::string_view>({"alignas",
                                                            "alignof",
                                                            "and",
                                                            "and_eq",
                                                            "asm",
                                                            "atomic_cancel",
                                                            "atomic_commit",
                                                            "atomic_noexcept",
                                                            "auto",
                                                            "bitand",
                                                            "bitor",
                                                            "bool",
                                                            "break",
                                                            "case",
                                                            "catch",
                                                            "char",
                                                            "char8_t",
                                                            "char16_t",
                                                            "char32_t",
                                                            "class",
                                                            "compl",
                                                            "concept",
                                                            "const",
                                                            "consteval",
                                                            "constexpr",
                                                            "constinit",
                                                            "const_cast",
                                                            "continue",
                                                            "co_await",
                                                            "co_return",
                                                            "co_yield",
                                                            "decltype",
                                                            "default",
                                                            "delete",
                                                            "do",
                                                            "double",
                                                            "dynamic_cast",
                                                            "else",
                                                            "enum",
                                                            "explicit",
                                                            "export",
                                                            "extern",
                                                            "false",
                                                            "float",
                                                            "for",
                                                            "friend",
                                                            "goto",
                                                            "if",
                                                            "inline",
                                                            "int",
                                                            "long",
                                                            "mutable",
                                                            "namespace",
                                                            "new",
                                                            "noexcept",
                                                            "not",
                                                            "not_eq",
                                                            "nullptr",
                                                            "operator",
                                                            "or",
                                                            "or_eq",
                                                            "private",
                                                            "protected",
                                                            "public",
                                                            "reflexpr",
                                                            "register",
                                                            "reinterpret_cast",
                                                            "requires",
                                                            "return",
                                                            "short",
                                                            "signed",
                                                            "sizeof",
                                                            "static",
                                                            "static_assert",
                                                            "static_cast",
                                                            "struct",
                                                            "switch",
                                                            "synchronized",
                                                            "template",
                                                            "this",
                                                            "thread_local",
                                                            "throw",
                                                            "true",
                                                            "try",
                                                            "typedef",
                                                            "typeid",
                                                            "typename",
                                                            "union",
                                                            "unsigned",
                                                            "using",
                                                            "virtual",
                                                            "void",
                                                            "volatile",
                                                            "wchar_t",
                                                            "while",
                                                            "xor",
                                                            "xor_eq"});

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool is_identifier(std::string_view name) {
  return !name.empty() && is_letter(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c); }) &&
         std::ranges::find(kKeywords, name) == kKeywords.end();
}

void check_proxy_name(std::string_view name) {
  HGQ_CHECK(is_identifier(name), ConfigError, "layer '", printable(name),
            "': hls4ml makes a variable of C++ of its name, so that may hold letters, digits and underscores only, not "
            "begin with a digit, and be no keyword; rename the layer");
}

std::string ProxyNames::unique(const std::string& name) {
  std::string candidate = name;
  for (int i = 0; !used_.insert(candidate).second; ++i) candidate = concat(name, "_", i);
  return candidate;
}

std::string ProxyNames::counted(const std::string& name) {
  std::string candidate = name;
  for (int i = 1; !used_.insert(candidate).second; ++i) candidate = concat(name, "_", i);
  return candidate;
}

}  // namespace hgq
