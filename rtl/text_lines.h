// Generated text: what is filled into a pattern, and long lines, broken where the languages allow it.
//
//   rtl::filled("module @TOP@;\n", {{"TOP", "filter"}});      // module filter;
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hgq::rtl {

/// The pattern with the text for `NAME` in place of each `@NAME@`, a name of capitals and underscores. Throws Error for
/// a name that is not given.
std::string filled(std::string_view pattern, const std::vector<std::pair<std::string_view, std::string>>& texts);

/// The line with line ends after those occurrences of `separator` (which ends with a space) where it would become
/// longer than about 110 characters; each next line begins with `indent` spaces.
std::string broken(std::string_view line, std::string_view separator, int indent);

/// Appends a comment behind a line, or above it if it does not fit beside it.
std::string with_comment(const std::string& line, std::string_view mark, const std::string& comment);

}  // namespace hgq::rtl
