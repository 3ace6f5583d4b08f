// The right name for a wrong one: what a message suggests for a key, a layer, a dataset that does not exist.
//
//   nearest_name("unts", {"units", "use_bias"})       ->  "units"
//   did_you_mean("unts", {"units", "use_bias"})       ->  ", did you mean 'units'?"
//   suggestion("length", {"units", "use_bias"})       ->  "; there are: units, use_bias"
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hgq {

/// The candidate nearest to `word`: the same but for case, underscores and hyphens, or by edit distance (a third of the
/// word, at most 3), or by how it begins, or with words left out; empty where none is near.
std::string nearest_name(std::string_view word, std::span<const std::string> candidates);

/// ", did you mean 'units'?", or "" where no candidate is near. `separator` opens it.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates,
                         std::string_view separator = ", ");

/// did_you_mean, or "; there are: a, b" where no candidate is near, or "" without candidates.
std::string suggestion(std::string_view word, std::span<const std::string> candidates);

/// "a, b, c", for messages: printable, and of more than 40 the first and how many more there are.
std::string join_names(std::span<const std::string> names);

/// "'a', 'b', 'c'", likewise.
std::string quoted_names(std::span<const std::string> names);

}  // namespace hgq
