// Reads the keys of one map of a config, with types and ranges. It collects all errors, and suggests the nearest known
// name for a wrong one. Layers, optimizers, schedules, callbacks and the config of a run all use it, so a single call
// has the name, type, default, range and documentation of a key. The reader also keeps the value of each key, which
// layers, losses and metrics write into model files.
//
//   ConfigReader c(node, "HDense", errors);
//   units      = c.integer("units", "number of outputs", {.required = true, .min = 1});
//   activation = c.choice("activation", "behind the quantizer", {"linear", "relu"}, "linear");
//   beta       = c.number("beta", "strength of the BOPs term", {.fallback = 0, .min = 0});
//   c.finish();     // reports keys that were not read: unknown key 'unts', did you mean 'units'?
//
// A wrong value adds an error, and the function returns the fallback, so that reading continues. Numbers are decimal
// (0x1F, 1_000, .inf and 010 are errors), booleans are `true` and `false`, and a number is text only in quotes. An
// explicit `null` gives the fallback; a key without a value is an error, except for node(), whose caller decides.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <nlohmann/json_fwd.hpp>
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

/// What a number must satisfy. `fallback` is the value if the key is missing and not required.
struct NumberRule {
  bool required = false;
  double fallback = 0;
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool above_min = false;  // min itself is not allowed
  bool below_max = false;  // max itself is not allowed
};

struct IntegerRule {
  bool required = false;
  int64_t fallback = 0;
  int64_t min = std::numeric_limits<int64_t>::min();
  int64_t max = std::numeric_limits<int64_t>::max();
};

/// The documentation of one key, from which the reference is generated. A required key has the fallback "required".
struct KeyDoc {
  std::string section, key, type, fallback, doc;
};

class ConfigReader {
 public:
  /// `section` names the map in messages: "HDense", "train"; it is empty at the top level. A null node counts as an
  /// empty map, anything else but a map is an error. `docs`, if given, receives the documentation of every key that is
  /// read. All three must outlive the reader.
  ConfigReader(const Node& node, std::string section, ErrorList& errors, std::vector<KeyDoc>* docs = nullptr);

  /// Whether the key exists with a value other than null. This does not count as reading it.
  bool has(const std::string& key) const;
  double number(const std::string& key, std::string_view doc, const NumberRule& rule = {});
  int64_t integer(const std::string& key, std::string_view doc, const IntegerRule& rule = {});
  /// The same for keys without a default, whose absence has a meaning; nullopt if the key is missing, or after an
  /// error.
  std::optional<double> optional_number(const std::string& key, std::string_view doc, const NumberRule& rule = {});
  std::optional<int64_t> optional_integer(const std::string& key, std::string_view doc, const IntegerRule& rule = {});
  bool boolean(const std::string& key, std::string_view doc, bool fallback);
  /// Any text; the key is required if there is no fallback.
  std::string text(const std::string& key, std::string_view doc, const std::optional<std::string>& fallback);
  /// One of `choices`; the key is required if the fallback is empty.
  std::string choice(const std::string& key, std::string_view doc, std::span<const std::string> choices,
                     const std::string& fallback);
  std::string choice(const std::string& key, std::string_view doc, std::initializer_list<std::string> choices,
                     const std::string& fallback);
  /// A list of integers; a single integer is a list of one. If `size` is above 0, the list must have that length.
  std::vector<int64_t> integers(const std::string& key, std::string_view doc, std::vector<int64_t> fallback,
                                const IntegerRule& each = {}, int size = 0);
  std::vector<double> numbers(const std::string& key, std::string_view doc, std::vector<double> fallback,
                              const NumberRule& each = {});
  /// A list of texts; a single text is a list of one.
  std::vector<std::string> texts(const std::string& key, std::string_view doc, std::vector<std::string> fallback);
  /// A value with a structure of its own, which the caller reads; nullptr if there is none, or if it is null. `type`
  /// and `fallback` are for the reference; with the fallback "required" a missing value is an error. Only the caller
  /// knows what the value means, and calls resolve().
  const Node* node(const std::string& key, std::string_view doc, std::string_view type = "see below",
                   std::string_view fallback = "");
  /// Marks a key as known without reading it. `value`, if given, is what resolved() has for it.
  void known(const std::string& key);
  void known(const std::string& key, nlohmann::json value);

  /// The value of each key that was read: its own, or the fallback. From this map, which model files keep, the same
  /// thing can be made again. What is made through this reader may share the map, and then also has the keys that are
  /// read later. Integers, numbers, booleans, texts and lists have their type in JSON; an optional key that is missing
  /// is null.
  std::shared_ptr<const nlohmann::json> resolved() const { return resolved_; }
  /// Sets the value of a key in resolved(), where the reader cannot know it: the value of a node(), or one that depends
  /// on other keys.
  void resolve(const std::string& key, nlohmann::json value);
  /// Adds an error if a resolved key is missing in `written`, the keys that what was made writes into files.
  void expect_written(const nlohmann::json& written);

  /// Adds an error at the value of a key, or at the map if the key is missing: "SECTION.KEY: MESSAGE".
  void error(const std::string& key, const std::string& message);
  /// Adds the error for a key that is required: "SECTION: missing key 'KEY' (DOC)".
  void missing(const std::string& key, std::string_view doc);
  ErrorList& errors() { return errors_; }
  /// Whether errors were added since this reader was made; what was read must not be used then.
  bool failed() const { return errors_.size() > errors_before_; }
  /// Where the documentation of keys is collected, for readers of parts of this map; nullptr if it is not.
  std::vector<KeyDoc>* docs() { return docs_; }
  const std::string& section() const { return section_; }
  const Node& map() const { return node_; }

  /// Adds an error for each key that was not read.
  void finish();

 private:
  /// The value of a key that is to be read as `expected`; nullptr, and an error if it is one, if it has no value.
  const Node* take(const std::string& key, std::string_view doc, const std::string& expected, bool required,
                   const std::string& fallback);
  /// What the functions above do but for the fallback: nullopt if the key is missing, or after an error.
  std::optional<double> read_number(const std::string& key, std::string_view doc, const NumberRule& rule,
                                    const std::string& fallback);
  std::optional<int64_t> read_integer(const std::string& key, std::string_view doc, const IntegerRule& rule,
                                      const std::string& fallback);
  template <typename Value, typename ReadItem>
  std::optional<std::vector<Value>> read_list(const std::string& key, const Node& value, const std::string& what,
                                              const ReadItem& read_item);
  /// Resolves a key to what a function returns. None is null.
  template <typename Value>
  Value keep(const std::string& key, Value value);
  template <typename Value>
  std::optional<Value> keep(const std::string& key, std::optional<Value> value);
  /// The items of a list, or a single value as a list of one.
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
  std::shared_ptr<nlohmann::json> resolved_;  // a map
};

/// `Name` or `{Name: {arguments}}`, the way in which optimizers, initializers and callbacks are written, or
/// `{class_name: Name, config: {arguments}}` as in Keras. The name is empty after an error. The arguments may be any
/// node, as in `{MonoL1: 1.0e-6}`; their key_place is the place of the name.
struct NamedNode {
  std::string name;
  Node arguments;
};
/// `what` is how messages call the thing: "an optimizer".
NamedNode read_named(const Node& node, std::string_view what, ErrorList& errors);

}  // namespace hgq
