// A tree of configuration values that knows where each value stands.
//
// A Node comes from YAML (a user's config file, a value of --set) or JSON (a model file) or is made by hand; it is what
// layers, optimizers, callbacks and the run configuration are built from, through ConfigReader
// (config/config_reader.h). The text of a scalar is kept, so that `1e5`, `010` and `yes` are judged by the reader that
// knows what it wants.
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

/// Collects what is wrong, so that a user sees everything at once. Errors are kept in the order of the file; those
/// whose place has no line follow, in the order they came (`--set #1` before `--set #2`). The same error is kept once.
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
  /// "PLACE: MESSAGE" for each error; of many the first 50, and how many more there are.
  std::vector<std::string> messages() const;
  /// Throws one ConfigError with all messages, a line each, if there are any.
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
  std::vector<Placed> entries_;  // in the order they came
  std::set<std::pair<std::string, std::string>> known_;
  std::vector<std::string> files_;
};

class Node {
 public:
  enum class Kind : uint8_t { kNull, kScalar, kList, kMap };

  /// More nesting than this is refused.
  static constexpr int kMaxDepth = 64;
  /// Longer text than this is refused before it is parsed.
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
  /// Null after an error that leaves nothing to read; duplicate keys and the like still give a tree. An empty text
  /// gives null.
  static Node from_yaml(std::string_view text, const std::string& file_name, ErrorList& errors);
  /// The same for a file; a file that can't be read is one more error in `errors`.
  static Node from_yaml_file(const std::string& path, ErrorList& errors);
  /// Places are "FILE:/layers/0/units" (JSON pointers). Throws FileError beyond kMaxDepth.
  static Node from_json(const nlohmann::json& json, const std::string& file_name);
  /// Unquoted scalars become numbers, true and false where they are, text otherwise.
  nlohmann::json to_json() const;
  /// YAML that reads back the same (see same_value). Ends with a newline.
  std::string to_yaml() const;

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::kNull; }
  bool is_scalar() const { return kind_ == Kind::kScalar; }
  bool is_list() const { return kind_ == Kind::kList; }
  bool is_map() const { return kind_ == Kind::kMap; }

  /// Of a scalar; "null" for a null that was written out, empty for one where nothing stands.
  const std::string& text() const { return text_; }
  /// Whether a scalar stood in quotes: it is then text, never a number, boolean, or null.
  bool quoted() const { return quoted_; }
  const std::vector<Node>& items() const { return items_; }
  std::vector<Node>& items() { return items_; }
  /// Entries of a map in the order of the file.
  const std::vector<std::pair<std::string, Node>>& entries() const { return entries_; }
  std::vector<std::pair<std::string, Node>>& entries() { return entries_; }
  /// The entry of a map, nullptr where there is none.
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  /// The entry of a map, a null node without a place where there is none.
  const Node& operator[](std::string_view key) const;
  /// Sets or adds an entry of a map; a null node becomes a map.
  void set(const std::string& key, Node value);
  /// Removes an entry of a map, if it is there.
  void erase(std::string_view key);

  /// "FILE:LINE:COL" of the value; what was given to set_place for one made by hand. The place of a map entry's key
  /// where asked.
  const std::string& place() const { return place_; }
  const std::string& key_place() const { return key_place_.empty() ? place_ : key_place_; }
  void set_place(std::string place) { place_ = std::move(place); }
  void set_key_place(std::string place) { key_place_ = std::move(place); }
  /// Gives this node and all below it one place, such as "--set #2".
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

/// Whether two trees mean the same: numbers by value (1e-3 and 0.001), text with or without quotes, maps in any order.
bool same_value(const Node& a, const Node& b);

/// What a node is, for messages: "nothing", "the number 5", "the text 'relu'", "true", "a list", "a map". Long text is
/// cut.
std::string describe(const Node& node);

/// What an exception of the JSON library says, without its codes and the bytes that it last read.
std::string json_reason(std::string_view what);

}  // namespace hgq
