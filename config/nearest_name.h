// The name that was probably meant: what a message suggests for a key, a layer or a dataset that does not exist.
//
//   nearest_name("unts", {"units", "use_bias"})       ->  "units"
//   did_you_mean("unts", {"units", "use_bias"})       ->  ", did you mean 'units'?"
//   suggestion("length", {"units", "use_bias"})       ->  "; there are: units, use_bias"
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hgq {

/// The candidate nearest to `word`: one that differs only in case, underscores and hyphens, or that has a small edit
/// distance (a third of the word, at most 3), or that begins likewise, or of which words were left out, or that is the
/// same on validation rows (val_). Empty if no candidate is near.
std::string nearest_name(std::string_view word, std::span<const std::string> candidates);

/// ", did you mean 'units'?", or "" if no candidate is near. The text begins with `separator`.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates,
                         std::string_view separator = ", ");

/// did_you_mean(), or "; there are: a, b" if no candidate is near, or "" if there are no candidates.
std::string suggestion(std::string_view word, std::span<const std::string> candidates);

/// "a, b, c", for messages: printable; of more than 40 names the first, and how many more there are.
std::string join_names(std::span<const std::string> names);

/// "'a', 'b', 'c'", likewise.
std::string quoted_names(std::span<const std::string> names);

}  // namespace hgq
