#include "hgq/report/config_leaves.h"

#include <algorithm>
#include <map>

#include "hgq/core/error.h"

namespace hgq::report {
namespace {

using Leaves = std::vector<std::pair<std::string, std::string>>;

std::string joined(const std::string& path, const std::string& key) {
  return path.empty() ? key : concat(path, ".", key);
}

/// "HDense" of {HDense: {...}}; empty for another map.
std::string kind_of(const Node& item) {
  return item.is_map() && item.entries().size() == 1 ? item.entries().front().first : "";
}

std::string name_of(const Node& item) {
  const std::string kind = kind_of(item);
  if (item.is_scalar()) return item.text();
  if (kind.empty()) return "";
  const Node& arguments = item.entries().front().second;
  const Node* const name = arguments.is_map() ? arguments.find("name") : nullptr;
  return name != nullptr && name->is_scalar() ? name->text() : kind;
}

void add_leaves(const Node& node, const std::string& path, Leaves& leaves);

void add_items(const Node& list, const std::string& path, Leaves& leaves) {
  std::map<std::string, int> names;
  for (const Node& item : list.items()) ++names[name_of(item)];
  for (size_t i = 0; i < list.items().size(); ++i) {
    const Node& item = list.items()[i];
    const std::string name = name_of(item);
    const std::string place = joined(path, name.empty() || names[name] > 1 ? concat(i) : name);
    const std::string kind = kind_of(item);
    if (item.is_scalar()) {
      leaves.emplace_back(place, item.text());
    } else if (kind.empty()) {
      add_leaves(item, place, leaves);
    } else {
      leaves.emplace_back(place, kind);
      add_leaves(item.entries().front().second, place, leaves);
    }
  }
}

void add_leaves(const Node& node, const std::string& path, Leaves& leaves) {
  if (node.is_map()) {
    for (const auto& [key, value] : node.entries()) add_leaves(value, joined(path, key), leaves);
    return;
  }
  if (node.is_list() && std::ranges::any_of(node.items(), [](const Node& item) { return item.is_map(); })) {
    add_items(node, path, leaves);
    return;
  }
  std::string text = node.text();
  for (const Node& item : node.items())
    text += (text.empty() ? "" : ", ") + (item.is_scalar() ? item.text() : describe(item));
  leaves.emplace_back(path, text);
}

/// "{mse: {weight: 2}}", "[a, b]", "16"; no longer than it must be to have more than `most` characters.
std::string flow_text(const Node& node, size_t most) {
  if (!node.is_map() && !node.is_list()) return node.text();
  std::string text = node.is_map() ? "{" : "[";
  const auto add = [&](const std::string& key, const Node& value) {
    if (text.size() > most) return;
    text += concat(text.size() > 1 ? ", " : "", key, key.empty() ? "" : ": ", flow_text(value, most));
  };
  if (node.is_map()) {
    for (const auto& [key, value] : node.entries()) add(key, value);
  } else {
    for (const Node& item : node.items()) add("", item);
  }
  return text + (node.is_map() ? "}" : "]");
}

}  // namespace

std::string value_in_short(const Node& config, const std::string& path) {
  constexpr size_t kMost = 80;
  const Node* node = &config;
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('.', at), path.size());
    if (!node->is_map()) return "";
    node = node->find(path.substr(at, end - at));
    if (node == nullptr) return "";
    at = end + 1;
  }
  const std::string text = flow_text(*node, kMost);
  return text.size() > kMost ? text.substr(0, kMost) + "..." : text;
}

Leaves config_leaves(const Node& config) {
  Leaves leaves;
  add_leaves(config, "", leaves);
  return leaves;
}

std::vector<std::string> short_paths(const std::vector<std::string>& paths) {
  std::vector<std::string> out;
  for (const std::string& path : paths) {
    size_t at = path.rfind('.');
    const auto is_shared = [&](const std::string& end) {
      return std::ranges::count_if(
                 paths, [&](const std::string& other) { return other == end || other.ends_with("." + end); }) > 1;
    };
    while (at != std::string::npos && at > 0 && is_shared(path.substr(at + 1))) at = path.rfind('.', at - 1);
    out.push_back(at == std::string::npos ? path : path.substr(at + 1));
  }
  return out;
}

}  // namespace hgq::report
