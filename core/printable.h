// Makes text from files fit for a message: a name may be a megabyte long, contain escape sequences that move a
// terminal's cursor, or not be text at all.
//
//   printable("a\x1b[2J")          ->  "a?[2J"
//   printable(megabyte)            ->  its first 60 characters and "..."
//
// Letters of every script are kept.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hgq {

/// The bytes of the UTF-8 character with which `text` begins; 0 if it does not begin with one. `text` must not be
/// empty.
std::size_t utf8_length(std::string_view text);

/// The text, cut after 60 characters, with `?` for each character that cannot be printed.
std::string printable(std::string_view text);

/// The same without the cut; line ends and tabs are kept.
std::string printable_text(std::string_view text);

/// A whole message as printable_text() gives it, but of a line longer than 1,000 characters only the beginning and the
/// end, and at most 100 lines.
std::string bounded_message(std::string_view text);

}  // namespace hgq
