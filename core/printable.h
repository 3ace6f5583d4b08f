// Text that comes from files, made fit for a message: a name may be a megabyte long, hold the escape sequences that
// move a terminal's cursor, or not be text at all.
//
//   printable("a\x1b[2J")          ->  "a?[2J"
//   printable(megabyte)            ->  its first 60 characters and "..."
//
// Letters of any script stay as they are.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hgq {

/// The length of the UTF-8 character at the front of `text` (not empty), 0 where it is not one.
std::size_t utf8_length(std::string_view text);

/// Text fit for a message: cut after 60 characters, what cannot be printed as `?`.
std::string printable(std::string_view text);

/// The same, not cut, with its ends of lines and tabs.
std::string printable_text(std::string_view text);

/// A whole message: as printable_text, a line that is longer than 1,000 characters without its middle, and at most 100
/// lines.
std::string bounded_message(std::string_view text);

}  // namespace hgq
