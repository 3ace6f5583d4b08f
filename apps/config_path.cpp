#include "hgq/apps/config_path.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>

#include "hgq/apps/layer_list.h"
#include "hgq/apps/resolved_config.h"
#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

constexpr std::string_view kLayers = "model.layers";

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> keys;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t dot = std::min(path.find('.', start), path.size());
    keys.emplace_back(path.substr(start, dot - start));
    start = dot + 1;
  }
  return keys;
}

bool has_empty_key(const std::vector<std::string>& keys) {
  return std::find(keys.begin(), keys.end(), "") != keys.end();
}

std::string join(const std::string& path, const std::string& key) { return path.empty() ? key : path + "." + key; }

std::optional<std::size_t> list_index(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// `{Name: ...}` or `Name`, the form of layers and callbacks.
bool is_named(const Node& node) { return text_of(node).has_value() || (node.is_map() && node.entries().size() == 1); }

std::string kind_of(const Node& node) {
  if (!is_named(node)) return "";
  return node.is_map() ? node.entries()[0].first : node.text();
}

/// The names of the items of a list in a path.
std::vector<std::string> item_names(const Node& list, const std::string& path, const LayerKinds* kinds = nullptr) {
  if (path == kLayers || (path.starts_with(kLayers) && path.ends_with(".layers"))) return names_in_list(list, kinds);
  std::vector<std::string> names;
  for (const Node& item : list.items()) names.push_back(kind_of(item));
  return names;
}

/// Walks to the value that a path names.
class PathWalk {
 public:
  PathWalk(std::string place, const LayerKinds* kinds, ErrorList& errors)
      : place_(std::move(place)), kinds_(kinds), errors_(errors) {}

  /// The value at the end of the path, which is added if it is missing; nullptr after an error.
  Node* to(Node& root, const std::vector<std::string>& keys) {
    Node* node = &root;
    for (const std::string& key : keys) {
      node = step(*node, key);
      if (node == nullptr) return nullptr;
      path_ = join(path_, key);
    }
    return node;
  }

 private:
  Node* fail(const std::string& message) {
    errors_.add(place_, message);
    return nullptr;
  }

  Node* step(Node& node, const std::string& key) {
    if (std::exchange(in_item_, false) && is_named(node)) {
      const std::string kind = kind_of(node);
      if (node.is_scalar()) node = named(node);
      if (key != kind) return into(node.entries()[0].second, key);  // the arguments of a layer come after its kind
      return &node.entries()[0].second;
    }
    return into(node, key);
  }

  Node* into(Node& node, const std::string& key) {
    if (node.is_list()) return item(node, key);
    if (node.is_scalar() && text_of(node) == key) node = named(node);  // `optimizer: Adam`, and optimizer.Adam.…
    if (node.is_scalar())
      return fail(concat("'", path_, "' is ", describe(node), ", it has no key '", printable(key), "'"));
    if (Node* found = node.find(key)) return found;
    Node added;
    added.set_places(place_);
    if (node.is_null() && node.place().empty()) node.set_places(place_);
    node.set(key, std::move(added));
    return node.find(key);
  }

  Node* item(Node& list, const std::string& key) {
    in_item_ = true;
    std::vector<Node>& items = list.items();
    if (const auto index = list_index(key)) {
      if (*index < items.size()) return &items[*index];
      return fail(items.empty()
                      ? concat("'", path_, "' is empty, there is no item ", *index)
                      : concat("'", path_, "' has the items 0 to ", items.size() - 1, ", there is no item ", *index));
    }
    const std::vector<std::string> names = item_names(list, path_, kinds_);
    const auto found = std::find(names.begin(), names.end(), key);
    if (found == names.end()) {
      return fail(concat("'", path_, "' has no item '", printable(key), "'", suggestion(key, names)));
    }
    if (std::find(found + 1, names.end(), key) != names.end()) {
      return fail(concat("'", path_, "' has more than one '", printable(key), "', name it by its index"));
    }
    return &items[static_cast<std::size_t>(found - names.begin())];
  }

  /// `Adam` as {Adam: nothing}.
  static Node named(const Node& scalar) {
    Node inner = Node::scalar("null");
    inner.set_places(scalar.place());
    Node map = Node::map({{scalar.text(), std::move(inner)}});
    map.set_place(scalar.place());
    map.set_key_place(scalar.key_place());
    return map;
  }

  std::string place_;
  const LayerKinds* kinds_;
  ErrorList& errors_;
  std::string path_;
  bool in_item_ = false;
};

void compare(const Node& a, const Node& b, const std::string& path, std::vector<std::string>& keys);

void compare_maps(const Node& a, const Node& b, const std::string& path, std::vector<std::string>& keys) {
  for (const auto& [key, value] : a.entries()) {
    const Node* other = b.find(key);
    if (other == nullptr) {
      keys.push_back(join(path, key));
    } else {
      compare(value, *other, join(path, key), keys);
    }
  }
  for (const auto& [key, value] : b.entries()) {
    if (a.find(key) == nullptr) keys.push_back(join(path, key));
  }
}

/// Whether two lists of layers or callbacks have the same names.
bool compare_named(const Node& a, const Node& b, const std::string& path, std::vector<std::string>& keys) {
  const auto is_plain_list = [](const Node& list) {
    return !std::all_of(list.items().begin(), list.items().end(), is_named) ||
           std::none_of(list.items().begin(), list.items().end(), [](const Node& item) { return item.is_map(); });
  };
  if (a.items().size() != b.items().size() || is_plain_list(a) || is_plain_list(b)) return false;
  const std::vector<std::string> names = item_names(a, path);
  if (names != item_names(b, path)) return false;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (kind_of(a.items()[i]) != kind_of(b.items()[i])) return false;
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Node& x = a.items()[i];
    const Node& y = b.items()[i];
    const std::string name = std::count(names.begin(), names.end(), names[i]) > 1 ? concat(i) : names[i];
    if (x.is_map() && y.is_map()) {
      compare(x.entries()[0].second, y.entries()[0].second, join(path, name), keys);
    } else if (!same_value(x, y)) {
      keys.push_back(join(path, name));
    }
  }
  return true;
}

void compare(const Node& a, const Node& b, const std::string& path, std::vector<std::string>& keys) {
  if (a.is_map() && b.is_map()) {
    compare_maps(a, b, path, keys);
  } else if (!(a.is_list() && b.is_list() && compare_named(a, b, path, keys)) && !same_value(a, b)) {
    keys.push_back(path);
  }
}

}  // namespace

void apply_set(Node& config, const std::string& assignment, int number, ErrorList& errors, const LayerKinds* kinds) {
  const std::string place = concat("--set #", number);
  const std::size_t equals = assignment.find('=');
  const std::string path = assignment.substr(0, equals);
  if (equals == std::string::npos || has_empty_key(split(path))) {
    errors.add(place, concat("found '", printable(assignment), "', expected KEY.PATH=YAML, such as train.epochs=10"));
    return;
  }
  ErrorList value_errors;
  Node value = Node::from_yaml(std::string_view(assignment).substr(equals + 1), place, value_errors);
  for (const ErrorList::Entry& error : value_errors.entries()) {
    errors.add(place,
               concat("the value '", printable(std::string_view(assignment).substr(equals + 1)), "': ", error.message));
  }
  if (!value_errors.empty()) return;
  // Paths on a command line start from the current folder, not from that of the config.
  value.set_places(place);
  set_value(config, path, value_with_paths(path, value, std::filesystem::current_path().string()), place, errors,
            kinds);
}

void set_value(Node& config, const std::string& path, Node value, const std::string& place, ErrorList& errors,
               const LayerKinds* kinds) {
  const std::vector<std::string> keys = split(path);
  if (has_empty_key(keys)) {
    errors.add(place, concat("found '", printable(path), "', expected KEY.PATH, such as train.epochs"));
    return;
  }
  if (keys.size() > static_cast<std::size_t>(Node::kMaxDepth)) {
    errors.add(place, concat("a path of more than ", Node::kMaxDepth, " keys"));
    return;
  }
  if (value.place().empty()) value.set_places(place);
  if (Node* node = PathWalk(place, kinds, errors).to(config, keys)) *node = std::move(value);
}

Node value_with_paths(const std::string& path, const Node& value, const std::string& folder) {
  const std::vector<std::string> keys = split(path);
  const bool is_of_weights = keys.size() >= 2 && keys[0] == "model" && keys[1] == "weights";
  if (keys.front() != "data" && !is_of_weights) return value;
  return with_absolute_paths(value, folder, keys.back() == "file" || (is_of_weights && keys.size() == 2));
}

std::vector<std::string> differing_keys(const Node& a, const Node& b) {
  std::vector<std::string> keys;
  compare(a, b, "", keys);
  return keys;
}

}  // namespace hgq
