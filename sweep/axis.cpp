#include "hgq/sweep/axis.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "hgq/core/error.h"
#include "hgq/core/rng.h"

namespace hgq::sweep {
namespace {

constexpr double kLargestWhole = 0x1p53;
constexpr const char* kForms =
    "expected a list of values, or a map: {from: A, to: B, steps: N}, {random: N, from: A, to: B}, {values: [...]}, "
    "{seeds: N}, or {cases: [{KEY.PATH: VALUE, ...}, ...]}";

double rounded(double value) {
  constexpr int kDigits = 6;
  std::array<char, 64> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific, kDigits - 1);
  double result = value;
  std::from_chars(text.data(), end.ptr, result);
  return result;
}

/// Whether the values rise, or fall, from each to the next.
bool is_monotone(const std::vector<double>& values) {
  const bool rises = values.back() > values.front();
  for (size_t i = 1; i < values.size(); ++i) {
    if (rises ? values[i] <= values[i - 1] : values[i] >= values[i - 1]) return false;
  }
  return true;
}

/// from, to, scale, integers: those of a range and of random draws.
struct Interval {
  double from = 0, to = 0;
  bool log = false, integers = false;

  /// `u` in [0, 1).
  double draw(double u) const {
    if (integers) {
      const double low = std::min(from, to), high = std::max(from, to);
      const double drawn =
          log ? (low - 0.5) * std::pow((high + 0.5) / (low - 0.5), u) : low - 0.5 + (high - low + 1) * u;
      return std::clamp(std::round(drawn), low, high);
    }
    const double drawn = log ? from * std::pow(to / from, u) : from + (to - from) * u;
    constexpr double kWide = 1e-3;
    const bool is_wide = std::abs(to - from) > kWide * std::max(std::abs(from), std::abs(to));
    return std::clamp(is_wide ? rounded(drawn) : drawn, std::min(from, to), std::max(from, to));
  }
};

class AxisReader {
 public:
  AxisReader(const std::string& key, const Node& node, uint64_t seed, ErrorList& errors, std::vector<KeyDoc>* docs)
      : node_(node), seed_(seed), errors_(errors), section_("axes." + key), docs_(docs) {
    axis_.title = key;
    axis_.place = node.place();
    axis_.keys = {key};
  }

  Axis read() {
    if (node_.is_list()) {
      take_values(node_);
    } else if (node_.is_map()) {
      read_map();
    } else {
      errors_.add(node_.place(), concat(section_, ": found ", describe(node_), ", ", kForms,
                                        "; a value that all runs have stands in the section `set`"));
    }
    return std::move(axis_);
  }

 private:
  void read_map() {
    ConfigReader c(node_, section_, errors_, docs_);
    axis_.name = c.text("name", "by which formulas know the axis; the last part of its key if not given", "");
    if (c.has("cases")) {
      read_cases(c);
    } else if (c.has("seeds")) {
      read_seeds(c);
    } else if (c.has("random")) {
      read_random(c);
    } else if (c.has("values")) {
      read_values(c);
    } else if (c.has("from") || c.has("to") || c.has("steps")) {
      read_range(c);
    } else {
      for (const auto& [key, value] : node_.entries()) c.known(key);
      errors_.add(node_.place(), concat(section_, ": found a map without values, ", kForms));
    }
    c.finish();
  }

  void add(Node value) { axis_.points.push_back({{axis_.title, std::move(value), node_.key_place()}}); }

  void add_placed(Node node) {
    node.set_places(node_.place());
    add(std::move(node));
  }
  void add_number(double value) { add_placed(number_node(value)); }

  void take_values(const Node& list) {
    if (list.items().empty()) errors_.add(list.place(), concat(section_, ": found an empty list, ", kForms));
    for (size_t i = 0; i < list.items().size(); ++i) {
      const Node& item = list.items()[i];
      for (size_t before = 0; before < i; ++before) {
        if (same_value(list.items()[before], item)) {
          errors_.add(item.place(),
                      concat(section_, ": ", describe(item), " is there twice; expected different values"));
          break;
        }
      }
      add(item);
    }
  }

  void read_values(ConfigReader& c) {
    const Node* const values = c.node("values", "the values", "list", "required");
    if (values != nullptr && !values->is_list()) {
      c.error("values", concat("found ", describe(*values), ", expected a list"));
    } else if (values != nullptr) {
      take_values(*values);
    }
  }

  void read_seeds(ConfigReader& c) {
    const int64_t count = c.integer("seeds", "number of seeds", {.required = true, .min = 1, .max = kMostRuns});
    const int64_t from = c.integer("from", "the first of them", {.fallback = 1, .min = 0, .max = int64_t{1} << 62});
    for (int64_t i = 0; i < count && !c.failed(); ++i) add_placed(Node::integer(from + i));
  }

  Interval read_interval(ConfigReader& c) {
    Interval interval;
    interval.from = c.number("from", "the first value", {.required = true});
    interval.to = c.number("to", "the last value", {.required = true});
    interval.log = c.choice("scale", "linear, or log: the same factor from each to the next", {"linear", "log"},
                            "linear") == "log";
    interval.integers = c.boolean("integers", "round to whole numbers", false);
    if (c.failed()) return interval;
    if (interval.from == interval.to)
      c.error("to", concat("found ", interval.to, ", which is `from`, too; expected another value"));
    if (interval.log && (interval.from <= 0 || interval.to <= 0))
      c.error(interval.from <= 0 ? "from" : "to", concat("found ", interval.from <= 0 ? interval.from : interval.to,
                                                         ", expected a number above 0, as the scale is log"));
    for (const auto& [key, value] : {std::pair("from", interval.from), std::pair("to", interval.to)}) {
      if (interval.integers && (value != std::floor(value) || std::abs(value) > kLargestWhole))
        c.error(key, concat("found ", value, ", expected a whole number, as `integers` is true"));
    }
    return interval;
  }

  void read_range(ConfigReader& c) {
    const Interval interval = read_interval(c);
    const int64_t steps =
        c.integer("steps", "number of values, both ends included", {.required = true, .min = 2, .max = kMostRuns});
    if (c.failed()) return;
    std::vector<double> values = range_values(interval.from, interval.to, steps, interval.log);
    if (interval.integers) {
      for (double& value : values) value = std::round(value);
      if (!is_monotone(values)) {
        c.error("steps", concat("found ", steps, ", but rounded to whole numbers some of the values from ",
                                interval.from, " to ", interval.to, " are the same; expected fewer"));
        return;
      }
    }
    for (const double value : values) add_number(value);
  }

  void read_random(ConfigReader& c) {
    axis_.random = true;
    const int64_t count = c.integer("random", "number of draws", {.required = true, .min = 1, .max = kMostRuns});
    const uint64_t stream = stream_of("sweep/" + axis_.title);
    const auto uniform = [&](int64_t i) {
      return uniform_double(random_bits(seed_, stream, static_cast<uint64_t>(i), 0));
    };
    if (c.has("values")) {
      read_values(c);
      if (c.failed()) return;
      const std::vector<Settings> all = std::move(axis_.points);
      axis_.points.clear();
      for (int64_t i = 0; i < count; ++i)
        axis_.points.push_back(all[static_cast<size_t>(uniform(i) * static_cast<double>(all.size()))]);
      return;
    }
    const Interval interval = read_interval(c);
    for (int64_t i = 0; i < count && !c.failed(); ++i) add_number(interval.draw(uniform(i)));
  }

  void read_cases(ConfigReader& c) {
    axis_.keys.clear();
    const Node* const cases =
        c.node("cases", "maps of KEY.PATH: VALUE, each of which is set together", "list", "required");
    if (cases == nullptr) return;
    if (!cases->is_list() || cases->items().empty()) {
      c.error("cases", concat("found ", cases->is_list() ? "an empty list" : describe(*cases),
                              ", expected a list of maps {KEY.PATH: VALUE}"));
      return;
    }
    for (const Node& item : cases->items()) {
      if (!item.is_map() || item.entries().empty()) {
        errors_.add(item.place(),
                    concat(section_, ".cases: found ", describe(item), ", expected a map {KEY.PATH: VALUE}"));
        continue;
      }
      Settings point;
      for (const auto& [key, value] : item.entries()) {
        if (std::ranges::find(axis_.keys, key) == axis_.keys.end()) axis_.keys.push_back(key);
        point.push_back({key, value, value.key_place()});
      }
      axis_.points.push_back(std::move(point));
    }
  }

  const Node& node_;
  uint64_t seed_;
  ErrorList& errors_;
  std::string section_;
  std::vector<KeyDoc>* docs_;
  Axis axis_;
};

}  // namespace

Node number_node(double value) {
  if (value == std::floor(value) && std::abs(value) <= kLargestWhole) return Node::integer(static_cast<int64_t>(value));
  return Node::number(value);
}

std::vector<double> range_values(double from, double to, int64_t steps, bool log) {
  std::vector<double> exact, readable;
  for (int64_t i = 0; i < steps; ++i) {
    const double part = static_cast<double>(i) / static_cast<double>(steps - 1);
    const bool is_end = i == 0 || i == steps - 1;
    const double value = i == 0           ? from
                         : i == steps - 1 ? to
                         : log            ? from * std::pow(to / from, part)
                                          : from + (to - from) * part;
    exact.push_back(value);
    readable.push_back(is_end ? value : rounded(value));
  }
  return is_monotone(readable) ? readable : exact;
}

Axis read_axis(const std::string& key, const Node& node, uint64_t seed, ErrorList& errors, std::vector<KeyDoc>* docs) {
  return AxisReader(key, node, seed, errors, docs).read();
}

}  // namespace hgq::sweep
