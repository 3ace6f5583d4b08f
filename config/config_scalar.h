// Strict readings of one scalar of a configuration, and what to say of one that almost is what was wanted.
//
// YAML has many spellings that surprise: 010 is eight or ten, `yes` is a text or true, 1_000 a number or not. Here a
// number is decimal ([+-] digits [. digits] [e [+-] digits], no zeros in front, finite), a boolean is `true` or
// `false`, and everything else, and all that stands in quotes, is text.
//
//   decimal_number(Node::scalar("1e5"))    ->  100000.0
//   decimal_number(Node::scalar("0x10"))   ->  nullopt, and number_hint: " (numbers are decimal)"
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hgq/config/node.h"

namespace hgq {

/// nullopt where the text is not one, or out of the range of the type.
std::optional<double> decimal_number(const Node& node);
/// `1e3` and `64.0` are numbers but no integers.
std::optional<int64_t> decimal_integer(const Node& node);
std::optional<bool> true_or_false(const Node& node);
/// The text of a scalar that is neither a number nor a boolean (or stands in quotes); nullopt for anything else.
std::optional<std::string> text_of(const Node& node);

/// The rule that a scalar breaks which was meant to be a number, an integer, a boolean: " (no zeros in front of a
/// number)"; empty where there is nothing to say.
std::string number_hint(const Node& node);
std::string integer_hint(const Node& node);
std::string boolean_hint(const Node& node);

}  // namespace hgq
