#include "hgq/config/nearest_name.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <vector>

#include "hgq/config/node.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

/// Lower case without `_`, `-` and blanks: what different styles of writing a name have in common.
std::string bare(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::erase_if(out, [](char c) { return c == '_' || c == '-' || c == ' '; });
  return out;
}

/// Whether `text` is `name` with some of its words left out: sparse_crossentropy for sparse_categorical_crossentropy.
bool has_words_left_out(std::string_view text, std::string_view name) {
  constexpr std::string_view kBetween = "_- ";
  std::size_t words = 0;
  std::size_t from = 0;  // in the name
  for (std::size_t begin = 0; begin < text.size(); ++words) {
    const std::size_t end = std::min(text.find_first_of(kBetween, begin), text.size());
    const std::string word = bare(text.substr(begin, end - begin));
    begin = end + 1;
    bool found = false;
    while (!found && from < name.size()) {
      const std::size_t stop = std::min(name.find_first_of(kBetween, from), name.size());
      found = bare(name.substr(from, stop - from)) == word;
      from = stop + 1;
    }
    if (!found) return false;
  }
  return words > 1;
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), current(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = last[j - 1] + static_cast<std::size_t>(a[i - 1] != b[j - 1]);
      current[j] = std::min({replace, last[j] + 1, current[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) current[j] = std::min(current[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, current);
  }
  return last[b.size()];
}

/// A message lists some names, not all of a damaged or very large file.
std::string joined(std::span<const std::string> names, std::string_view quote) {
  constexpr std::size_t kMost = 40;
  std::string out;
  for (const std::string& name : names.first(std::min(names.size(), kMost)))
    out += concat(out.empty() ? "" : ", ", quote, printable(name), quote);
  return names.size() <= kMost ? out : concat(out, " and ", names.size() - kMost, " more");
}

}  // namespace

std::string nearest_name(std::string_view word, std::span<const std::string> candidates) {
  constexpr std::size_t kLongest = 64;  // longer words are not misspelled names
  if (word.empty() || word.size() > kLongest) return "";
  const std::string wanted = bare(word);
  std::string best;
  std::size_t best_distance = std::clamp<std::size_t>(wanted.size() / 3, 1, 3) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate == word || candidate.size() > kLongest) continue;
    const std::string name = bare(candidate);
    const auto [shorter, longer] = std::minmax({wanted.size(), name.size()});
    if (longer - shorter >= best_distance) continue;  // the distance is at least that difference
    const std::size_t distance = edit_distance(wanted, name);
    // A candidate of one or two letters would be near every short word.
    if (distance < best_distance && distance < std::max(name.size(), wanted.size())) {
      best = candidate;
      best_distance = distance;
    }
  }
  if (!best.empty() || wanted.size() < 3) return best;
  for (const std::string& candidate : candidates) {
    const std::string name = bare(candidate);
    if (name.starts_with(wanted) || (name.size() >= 3 && wanted.starts_with(name))) return candidate;
  }
  for (const std::string& candidate : candidates) {
    if (has_words_left_out(word, candidate) || bare(candidate) == "val" + wanted) return candidate;
  }
  return "";
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates, std::string_view separator) {
  const std::string near = nearest_name(word, candidates);
  return near.empty() ? "" : concat(separator, "did you mean '", printable(near), "'?");
}

std::string suggestion(std::string_view word, std::span<const std::string> candidates) {
  std::string hint = did_you_mean(word, candidates);
  if (!hint.empty() || candidates.empty()) return hint;
  return "; there are: " + join_names(candidates);
}

std::string join_names(std::span<const std::string> names) { return joined(names, ""); }

std::string quoted_names(std::span<const std::string> names) { return joined(names, "'"); }

}  // namespace hgq
