// A tree of configuration values that knows where each value stands.
//
// A Node comes from YAML (a user's config file, a value of --set) or JSON (a model file) or is made by hand; it is what layers,
// optimizers, callbacks and the run configuration are built from, through ConfigReader (core/config_reader.h). The text of a
// scalar is kept, so that `1e5`, `010` and `yes` are judged by the reader that knows what it wants.
//
//   Node n = Node::from_yaml_file("magic.yaml", errors);
//   n["train"]["epochs"].place()  ->  "magic.yaml:31:11"
//
// Strict YAML: duplicate keys, the merge key `<<`, anchors that refer to themselves, a second document, and unknown tags are
// errors, each with its place.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

namespace hgq {

/// Collects what is wrong, so that a user sees everything at once; in the order of the file.
class ErrorList {
 public:
  /// `place`: "FILE:LINE:COL", or "--set #2"; `message`: what was found, what was expected.
  void add(const std::string& place, const std::string& message);
  bool empty() const { return messages_.empty(); }
  const std::vector<std::string>& messages() const { return messages_; }
  /// Throws one ConfigError with all messages, a line each, if there are any.
  void throw_if_any() const;

 private:
  std::vector<std::string> messages_;
};

class Node {
 public:
  enum class Kind : uint8_t { kNull, kScalar, kList, kMap };

  Node() = default;
  static Node scalar(std::string text, bool quoted = false);
  static Node list(std::vector<Node> items);
  static Node map(std::vector<std::pair<std::string, Node>> entries);
  static Node from_yaml(const std::string& text, const std::string& file_name, ErrorList& errors);
  static Node from_yaml_file(const std::string& path, ErrorList& errors);
  static Node from_json(const nlohmann::json& json, const std::string& file_name);
  nlohmann::json to_json() const;
  /// YAML that reads back the same.
  std::string to_yaml() const;

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::kNull; }
  bool is_scalar() const { return kind_ == Kind::kScalar; }
  bool is_list() const { return kind_ == Kind::kList; }
  bool is_map() const { return kind_ == Kind::kMap; }

  const std::string& text() const { return text_; }
  /// Whether a scalar stood in quotes: it is then text, never a number, boolean, or null.
  bool quoted() const { return quoted_; }
  const std::vector<Node>& items() const { return items_; }
  std::vector<Node>& items() { return items_; }
  /// Entries of a map in the order of the file.
  const std::vector<std::pair<std::string, Node>>& entries() const { return entries_; }
  std::vector<std::pair<std::string, Node>>& entries() { return entries_; }
  /// The entry of a map, nullptr where there is none.
  const Node* find(const std::string& key) const;
  Node* find(const std::string& key);
  /// Sets or adds an entry of a map.
  void set(const std::string& key, Node value);

  /// "FILE:LINE:COL" of the value; what was given to set_place for one made by hand. The place of a map entry's key where asked.
  const std::string& place() const { return place_; }
  const std::string& key_place() const { return key_place_.empty() ? place_ : key_place_; }
  void set_place(std::string place) { place_ = std::move(place); }
  void set_key_place(std::string place) { key_place_ = std::move(place); }

 private:
  Kind kind_ = Kind::kNull;
  bool quoted_ = false;
  std::string text_;
  std::vector<Node> items_;
  std::vector<std::pair<std::string, Node>> entries_;
  std::string place_;
  std::string key_place_;
};

}  // namespace hgq
