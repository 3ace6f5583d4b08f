// A tree of configuration values that knows the place of each value.
//
// A Node comes from YAML (a user's config file, a value of --set), from JSON (a model file), or is made in code.
// Layers, optimizers, callbacks and the run configuration are made from Nodes, through ConfigReader
// (config/config_reader.h). The text of a scalar is kept, so that the reader, which knows what it expects, decides
// about `1e5`, `010` and `yes`.
//
//   ErrorList errors;
//   const Node n = Node::from_yaml_file("magic.yaml", errors);
//   errors.throw_if_any();
//   n["train"]["epochs"].place();      // "magic.yaml:31:11"
//
// The YAML is strict: duplicate keys, the merge key `<<`, anchors and aliases, tags, a second document, tabs as
// indentation, keys that are not text, text that is not UTF-8, more than 64 levels and more than 1 MiB are errors,
// each with its place. Lines and columns count from 1, columns in characters, as editors show them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hgq/core/printable.h"

namespace hgq {

/// Collects errors, so that a user sees all of them at once. They are kept in the order of the file; errors whose place
/// has no line follow in the order in which they were added (`--set #1` before `--set #2`). An error that is added
/// twice is kept once.
class ErrorList {
 public:
  struct Entry {
    std::string place;
    std::string message;
  };

  /// `place`: "FILE:LINE:COL", or "--set #2", or empty; `message`: what was found, what was expected.
  void add(const std::string& place, const std::string& message);
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  std::vector<Entry> entries() const;
  /// "PLACE: MESSAGE" for each error; if there are more than 50, the first 50, and how many more there are.
  std::vector<std::string> messages() const;
  /// Throws one ConfigError with all messages, one in each line, if there are any.
  void throw_if_any() const;

 private:
  struct Order {
    std::size_t file;
    int64_t line;
    int64_t column;
  };
  Order order_of(const std::string& place);

  static constexpr std::size_t kMostMessages = 50;
  struct Placed {
    Entry entry;
    Order order;
  };
  std::vector<Placed> entries_;  // in the order in which they were added
  std::set<std::pair<std::string, std::string>> known_;
  std::vector<std::string> files_;
};

class Node {
 public:
  enum class Kind : uint8_t { kNull, kScalar, kList, kMap };

  /// Deeper nesting than this is an error.
  static constexpr int kMaxDepth = 64;
  /// Longer text than this is an error, and is not parsed.
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 20;

  Node() = default;
  static Node scalar(std::string text, bool quoted = false);
  static Node number(double value);
  static Node integer(int64_t value);
  static Node boolean(bool value);
  /// Text that is never read as a number, boolean or null.
  static Node string(std::string text) { return scalar(std::move(text), true); }
  static Node list(std::vector<Node> items);
  static Node map(std::vector<std::pair<std::string, Node>> entries);
  /// Parses YAML, and adds what is wrong to `errors`. Gives a null node if an error leaves nothing to read; after other
  /// errors, such as duplicate keys, it still gives a tree. An empty text gives a null node.
  static Node from_yaml(std::string_view text, const std::string& file_name, ErrorList& errors);
  /// The same for a file. If the file cannot be read, that is added to `errors`, too.
  static Node from_yaml_file(const std::string& path, ErrorList& errors);
  /// Places are "FILE:/layers/0/units" (JSON pointers). Throws FileError beyond kMaxDepth.
  static Node from_json(const nlohmann::json& json, const std::string& file_name);
  /// Unquoted scalars become numbers or booleans if they are spelled so; all others become text.
  nlohmann::json to_json() const;
  /// YAML that reads back the same (see same_value). Ends with a newline.
  std::string to_yaml() const;

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::kNull; }
  bool is_scalar() const { return kind_ == Kind::kScalar; }
  bool is_list() const { return kind_ == Kind::kList; }
  bool is_map() const { return kind_ == Kind::kMap; }

  /// The text of a scalar; of a null node "null" if it was written so, and empty if nothing was written.
  const std::string& text() const { return text_; }
  /// Whether a scalar was in quotes: then it is text, never a number, a boolean, or null.
  bool quoted() const { return quoted_; }
  const std::vector<Node>& items() const { return items_; }
  std::vector<Node>& items() { return items_; }
  /// Entries of a map in the order of the file.
  const std::vector<std::pair<std::string, Node>>& entries() const { return entries_; }
  std::vector<std::pair<std::string, Node>>& entries() { return entries_; }
  /// The entry of a map; nullptr if there is none.
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  /// The entry of a map; a null node without a place if there is none.
  const Node& operator[](std::string_view key) const;
  /// Sets or adds an entry of a map; a null node becomes a map.
  void set(const std::string& key, Node value);
  /// Removes an entry of a map, if it is there.
  void erase(std::string_view key);

  /// "FILE:LINE:COL" of the value, or what set_place() was given. key_place() is the place of the key of a map entry;
  /// of other nodes, that of the value.
  const std::string& place() const { return place_; }
  const std::string& key_place() const { return key_place_.empty() ? place_ : key_place_; }
  void set_place(std::string place) { place_ = std::move(place); }
  void set_key_place(std::string place) { key_place_ = std::move(place); }
  /// Gives this node and all nodes in it the same place, such as "--set #2".
  void set_places(const std::string& place);

 private:
  Kind kind_ = Kind::kNull;
  bool quoted_ = false;
  std::string text_;
  std::vector<Node> items_;
  std::vector<std::pair<std::string, Node>> entries_;
  std::string place_;
  std::string key_place_;
};

/// Whether two trees have the same meaning: numbers are compared by value (1e-3 and 0.001), text with or without
/// quotes, and maps in any order.
bool same_value(const Node& a, const Node& b);

/// What a node is, for messages: "nothing", "the number 5", "the text 'relu'", "true", "a list", "a map". Long text is
/// shortened.
std::string describe(const Node& node);

/// The message of an exception of the JSON library, without its codes and without the bytes that were read last.
std::string json_reason(std::string_view what);

}  // namespace hgq
