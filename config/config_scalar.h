// Reads one scalar of a configuration strictly, and explains what is wrong with a scalar that is nearly what was
// expected.
//
// Many spellings in YAML have a meaning that surprises: 010 is eight or ten, `yes` is a text or true, 1_000 is a number
// or not. Here a number is decimal and finite ([+-] digits [. digits] [e [+-] digits], without leading zeros), a
// boolean is `true` or `false`, and everything else, including everything in quotes, is text.
//
//   decimal_number(Node::scalar("1e5"))    ->  100000.0
//   decimal_number(Node::scalar("0x10"))   ->  nullopt, and number_hint: " (numbers are decimal)"
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hgq/config/node.h"

namespace hgq {

/// The value of the scalar; nullopt if its text is not a number, or out of the range of the type.
std::optional<double> decimal_number(const Node& node);
/// Likewise an integer: `1e3` and `64.0` are numbers, but not integers.
std::optional<int64_t> decimal_integer(const Node& node);
std::optional<bool> true_or_false(const Node& node);
/// The text of a scalar that is neither a number nor a boolean, or that is in quotes; nullopt for anything else.
std::optional<std::string> text_of(const Node& node);

/// The rule that a scalar breaks, if it was meant to be a number, an integer or a boolean: " (write numbers without
/// leading zeros number)"; empty if there is no such rule.
std::string number_hint(const Node& node);
std::string integer_hint(const Node& node);
std::string boolean_hint(const Node& node);

}  // namespace hgq
