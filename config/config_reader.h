// Reads the keys of one map of a configuration: typed, with ranges, all errors collected, and the nearest right name
// for a wrong one. Layers, optimizers, schedules, callbacks and the run configuration all read through it, so one call
// holds a key's name, type, default, range and doc.
//
//   ConfigReader c(node, "HDense", errors);
//   units      = c.integer("units", "number of outputs", {.required = true, .min = 1});
//   activation = c.choice("activation", "behind the quantizer", {"linear", "relu"}, "linear");
//   beta       = c.number("beta", "strength of the BOPs term", {.fallback = 0, .min = 0});
//   c.finish();     // names every key that nobody asked for: unknown key 'unts', did you mean 'units'?
//
// A value that is wrong adds an error and the getter returns its fallback, so reading goes on. Numbers are decimal only
// (0x1F, 1_000, .inf and 010 are refused with a message), booleans are `true` and `false` only, text is never a number
// unless it is in quotes. `null` written out stands for the fallback; a key with nothing behind it is an error, but for
// node(), whose reader decides.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/config/config_scalar.h"
#include "hgq/config/nearest_name.h"
#include "hgq/config/node.h"

namespace hgq {

struct NumberRule {
  bool required = false;
  double fallback = 0;
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool above_min = false;  // min itself is refused
  bool below_max = false;  // max itself is refused
};

struct IntegerRule {
  bool required = false;
  int64_t fallback = 0;
  int64_t min = std::numeric_limits<int64_t>::min();
  int64_t max = std::numeric_limits<int64_t>::max();
};

/// One key as a reader asked for it: the material of the generated reference page. A required key has the fallback
/// "required".
struct KeyDoc {
  std::string section, key, type, fallback, doc;
};

class ConfigReader {
 public:
  /// `section` names the map in messages ("HDense", "train"; empty at the top level). A node that is null counts as an
  /// empty map; anything but a map is an error. `docs`, if given, receives every key that is asked for. `node` must
  /// outlive the reader.
  ConfigReader(const Node& node, std::string section, ErrorList& errors, std::vector<KeyDoc>* docs = nullptr);

  /// Whether the key is there with a value other than null. Does not count as asking for it.
  bool has(const std::string& key) const;
  double number(const std::string& key, std::string_view doc, const NumberRule& rule = {});
  int64_t integer(const std::string& key, std::string_view doc, const IntegerRule& rule = {});
  /// The same for keys that have no default, whose absence means something; nullopt also after an error.
  std::optional<double> optional_number(const std::string& key, std::string_view doc, const NumberRule& rule = {});
  std::optional<int64_t> optional_integer(const std::string& key, std::string_view doc, const IntegerRule& rule = {});
  bool boolean(const std::string& key, std::string_view doc, bool fallback);
  /// Any text; required where there is no fallback.
  std::string text(const std::string& key, std::string_view doc, const std::optional<std::string>& fallback);
  /// One of `choices`; required where the fallback is empty.
  std::string choice(const std::string& key, std::string_view doc, std::span<const std::string> choices,
                     const std::string& fallback);
  std::string choice(const std::string& key, std::string_view doc, std::initializer_list<std::string> choices,
                     const std::string& fallback);
  /// A list of integers; one integer stands for a list of one. `size` > 0: exactly that many.
  std::vector<int64_t> integers(const std::string& key, std::string_view doc, std::vector<int64_t> fallback,
                                const IntegerRule& each = {}, int size = 0);
  std::vector<double> numbers(const std::string& key, std::string_view doc, std::vector<double> fallback,
                              const NumberRule& each = {});
  /// A list of texts; one text stands for a list of one.
  std::vector<std::string> texts(const std::string& key, std::string_view doc, std::vector<std::string> fallback);
  /// A value with a structure of its own, for the caller to read; nullptr where there is none (also for null). `type`
  /// and `fallback` are for the reference page; with the fallback "required" an absent value is an error.
  const Node* node(const std::string& key, std::string_view doc, std::string_view type = "see below",
                   std::string_view fallback = "");
  /// Marks a key as known without reading it.
  void known(const std::string& key);

  /// Adds an error at a key's value (or at the map where the key is missing): "SECTION.KEY: MESSAGE".
  void error(const std::string& key, const std::string& message);
  /// Adds the error for a key that must be there: "SECTION: missing key 'KEY' (DOC)".
  void missing(const std::string& key, std::string_view doc);
  ErrorList& errors() { return errors_; }
  /// Whether errors were added since this reader was made: what was read is then not to be used.
  bool failed() const { return errors_.size() > errors_before_; }
  /// Where the keys are collected for the reference; nullptr: nowhere. For readers of parts.
  std::vector<KeyDoc>* docs() { return docs_; }
  const std::string& section() const { return section_; }
  const Node& map() const { return node_; }

  /// Reports the keys that nobody asked for.
  void finish();

 private:
  /// The value of a key to be read as `expected`; nullptr after noting that it is missing or has no value.
  const Node* take(const std::string& key, std::string_view doc, const std::string& expected, bool required,
                   const std::string& fallback);
  /// The items of a list, or the one value that stands for a list of one.
  std::span<const Node> items_of(const Node& value) const;
  /// "SECTION.KEY"
  std::string label(const std::string& key) const;
  void wrong_value(const std::string& key, const Node& value, const std::string& expected);

  const Node& node_;
  std::string section_;
  ErrorList& errors_;
  std::vector<KeyDoc>* docs_;
  size_t errors_before_;
  std::set<std::string> asked_;
};

/// `Name` or `{Name: {arguments}}`, the way that optimizers, initializers and callbacks are written; also Keras'
/// `{class_name: Name, config: {arguments}}`. An empty name after an error. The arguments may be anything
/// (`{MonoL1: 1.0e-6}`); their key_place is the place of the name.
struct NamedNode {
  std::string name;
  Node arguments;
};
/// `what` names the thing in messages: "an optimizer".
NamedNode read_named(const Node& node, std::string_view what, ErrorList& errors);

}  // namespace hgq
