#include "hgq/deploy/choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>

#include "hgq/config/nearest_name.h"
#include "hgq/core/dominance.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

/// Throws ConfigError if it is a number of the test rows, or one that no candidate has.
void check_name(const std::vector<Candidate>& candidates, const std::string& name) {
  HGQ_CHECK(!name.starts_with("test_"), ConfigError, "'", name,
            "' is measured on the test rows, which do not choose: take val_", name.substr(5), " instead");
  const auto verified_on_test = [](const Candidate& c) { return c.rows > 0 && !c.test.entries().empty(); };
  HGQ_CHECK(
      name != "overflow_share" || std::ranges::none_of(candidates, verified_on_test), ConfigError, "'", name,
      "' is of the test rows, on which proxies are verified where there are any, and which do not choose; 'front' "
      "tells it");
  expect_number(candidates, name);
}

bool holds(const Candidate& candidate, const Bound& bound) {
  const std::optional<double> value = candidate.value(bound.name);
  if (!value || std::isnan(*value)) return false;
  return bound.at_least ? *value >= bound.limit : *value <= bound.limit;
}

std::string text_of(const Bound& bound) {
  return fmt::format("{} {} {}", bound.name, bound.at_least ? ">=" : "<=", bound.limit);
}

/// "luts <= 300 (the nearest is 412: runs/a/model.h5)" for each bound by itself, with the models that can be built.
std::string what_is_nearest(const std::vector<Candidate>& candidates, const std::vector<Bound>& bounds) {
  std::string text;
  for (const Bound& bound : bounds) {
    const Candidate* nearest = nullptr;
    double best = 0;
    for (const Candidate& candidate : candidates) {
      const std::optional<double> value = candidate.value(bound.name);
      if (!candidate.is_usable() || !value || std::isnan(*value)) continue;
      if (nearest == nullptr || (bound.at_least ? *value > best : *value < best)) {
        nearest = &candidate;
        best = *value;
      }
    }
    text += (text.empty() ? "" : "; ") + text_of(bound);
    if (nearest != nullptr) text += fmt::format(" (the nearest is {:g}: {}/{})", best, nearest->run, nearest->file);
  }
  return text;
}

}  // namespace

bool larger_is_better(std::string_view metric) {
  constexpr std::array<std::string_view, 6> kWords{"acc", "auc", "precision", "recall", "f1", "top_k"};
  return std::ranges::any_of(kWords, [&](std::string_view word) { return metric.find(word) != std::string::npos; });
}

void expect_number(const std::vector<Candidate>& candidates, const std::string& name) {
  std::set<std::string> known;
  for (const Candidate& candidate : candidates) {
    for (const auto& [n, value] : candidate.values()) known.insert(n);
  }
  // The test rows do not choose, so their numbers are not suggested.
  std::vector<std::string> names;
  std::ranges::copy_if(known, std::back_inserter(names), [](const std::string& n) { return !n.starts_with("test_"); });
  HGQ_CHECK(known.contains(name), ConfigError, "no model has a number '", printable(name), "'",
            suggestion(name, names));
}

Aim Aim::from(const std::string& text) {
  if (text.starts_with("max:")) return {.name = text.substr(4), .largest = true};
  if (text.starts_with("min:")) return {.name = text.substr(4), .largest = false};
  HGQ_CHECK(text.find(':') == std::string::npos, ConfigError, "'", printable(text),
            "': expected the name of a number, such as val_accuracy, or max:NAME or min:NAME");
  return {.name = text, .largest = larger_is_better(text)};
}

Bound Bound::from(const std::string& text, bool at_least) {
  const size_t equals = text.find('=');
  Bound bound{.name = text.substr(0, equals), .at_least = at_least};
  const char* const begin = equals == std::string::npos ? text.data() + text.size() : text.data() + equals + 1;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(begin, end, bound.limit);
  HGQ_CHECK(
      equals != std::string::npos && equals > 0 && error == std::errc() && rest == end && std::isfinite(bound.limit),
      ConfigError, "'", printable(text), "': expected NAME=NUMBER, such as luts=3000");
  return bound;
}

std::vector<size_t> front_of(const std::vector<Candidate>& candidates, const std::vector<Aim>& aims) {
  std::vector<std::vector<double>> costs(candidates.size());  // less is better; empty: not compared
  for (size_t c = 0; c < candidates.size(); ++c) {
    if (!candidates[c].is_usable()) continue;
    for (const Aim& aim : aims) {
      const std::optional<double> value = candidates[c].value(aim.name);
      if (!value || std::isnan(*value)) {
        costs[c].clear();
        break;
      }
      costs[c].push_back(aim.largest ? -*value : *value);
    }
  }
  const auto beats = [&](size_t a, size_t b) {
    const auto costs_of = [&](size_t c) { return [&, c](size_t i) { return costs[c][i]; }; };
    return dominates(aims.size(), costs_of(a), costs_of(b)) || (costs[a] == costs[b] && a < b);
  };
  std::vector<size_t> front;
  for (size_t c = 0; c < candidates.size(); ++c) {
    if (costs[c].empty()) continue;
    bool beaten = false;
    for (size_t other = 0; other < candidates.size() && !beaten; ++other)
      beaten = other != c && !costs[other].empty() && beats(other, c);
    if (!beaten) front.push_back(c);
  }
  std::ranges::stable_sort(front, [&](size_t a, size_t b) { return costs[a] < costs[b]; });
  return front;
}

Choice choose(const std::vector<Candidate>& candidates, const Wish& wish) {
  HGQ_CHECK(!candidates.empty(), ConfigError, "there are no models to choose from");
  const Aim aim = Aim::from(wish.best);
  check_name(candidates, aim.name);
  for (const Bound& bound : wish.bounds) check_name(candidates, bound.name);
  Choice choice;
  std::array<double, 3> best{};
  for (size_t c = 0; c < candidates.size(); ++c) {
    const Candidate& candidate = candidates[c];
    const std::optional<double> value = candidate.value(aim.name);
    if (!candidate.is_usable() || !value || std::isnan(*value)) continue;
    if (!std::ranges::all_of(wish.bounds, [&](const Bound& bound) { return holds(candidate, bound); })) continue;
    constexpr double kUnknown = std::numeric_limits<double>::infinity();
    const std::array<double, 3> cost{aim.largest ? -*value : *value, candidate.value("luts").value_or(kUnknown),
                                     candidate.exact_bops.value_or(kUnknown)};
    if (choice.within++ == 0 || cost < best) {
      choice.index = c;
      best = cost;
    }
  }
  HGQ_CHECK(choice.within > 0, ConfigError, "none of ", candidates.size(), " models ",
            wish.bounds.empty() ? concat("can be built and has ", aim.name)
                                : concat("is within the bounds: ", what_is_nearest(candidates, wish.bounds)));
  return choice;
}

}  // namespace hgq
