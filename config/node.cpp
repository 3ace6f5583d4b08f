#include "hgq/config/node.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>

#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

std::optional<int64_t> parse_count(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// For other libraries, a name would end at a zero byte.
const std::string& without_zero(const std::string& text, const std::string& place) {
  HGQ_CHECK(text.find('\0') == std::string::npos, FileError, place, ": a text holds a zero byte: '", printable(text),
            "'");
  return text;
}

Node node_from_json(const nlohmann::json& json, const std::string& place, int depth) {
  HGQ_CHECK(depth <= Node::kMaxDepth, FileError, place, ": nested deeper than ", Node::kMaxDepth, " levels");
  const std::string inside = place + (depth == 0 ? ":/" : "/");
  Node node;
  switch (json.type()) {
    case nlohmann::json::value_t::string:
      node = Node::string(without_zero(json.get<std::string>(), place));
      break;
    case nlohmann::json::value_t::boolean:
      node = Node::boolean(json.get<bool>());
      break;
    case nlohmann::json::value_t::number_integer:
    case nlohmann::json::value_t::number_unsigned:
    case nlohmann::json::value_t::number_float:
      node = Node::scalar(json.dump());
      break;
    case nlohmann::json::value_t::array: {
      std::vector<Node> items;
      for (const auto& item : json) {
        items.push_back(node_from_json(item, concat(inside, items.size()), depth + 1));
      }
      node = Node::list(std::move(items));
      break;
    }
    case nlohmann::json::value_t::object: {
      std::vector<std::pair<std::string, Node>> entries;
      for (const auto& [key, value] : json.items()) {
        entries.emplace_back(without_zero(key, place), node_from_json(value, inside + printable(key), depth + 1));
      }
      node = Node::map(std::move(entries));
      break;
    }
    default:
      node = Node::scalar("null");
      break;
  }
  node.set_place(place);
  return node;
}

/// What an unquoted scalar stands for, so that 1e-3 and 0.001 are the same.
bool same_scalar(const Node& a, const Node& b) {
  if (!a.quoted() && !b.quoted()) {
    const auto x = decimal_number(a);
    const auto y = decimal_number(b);
    if (x && y) return *x == *y;
  }
  if (a.text() != b.text()) return false;
  if (a.quoted() == b.quoted()) return true;
  const Node& plain = a.quoted() ? b : a;
  return !decimal_number(plain) && !true_or_false(plain);
}

}  // namespace

ErrorList::Order ErrorList::order_of(const std::string& place) {
  const auto file_index = [this](const std::string& file) {
    const auto found = std::find(files_.begin(), files_.end(), file);
    if (found != files_.end()) return static_cast<std::size_t>(found - files_.begin());
    files_.push_back(file);
    return files_.size() - 1;
  };
  constexpr std::size_t kBehindFiles = std::numeric_limits<std::size_t>::max() - 1;
  const std::size_t second = place.rfind(':');
  if (second != std::string::npos && second > 0) {
    const std::size_t first = place.rfind(':', second - 1);
    if (first != std::string::npos) {
      const auto line = parse_count(std::string_view(place).substr(first + 1, second - first - 1));
      const auto column = parse_count(std::string_view(place).substr(second + 1));
      if (line && column) return {file_index(place.substr(0, first)), *line, *column};
    }
  }
  constexpr std::string_view kSet = "--set #";
  if (place.starts_with(kSet)) {
    return {kBehindFiles, parse_count(std::string_view(place).substr(kSet.size())).value_or(0), 0};
  }
  return {kBehindFiles + 1, 0, 0};
}

void ErrorList::add(const std::string& place, const std::string& message) {
  if (known_.emplace(place, message).second) entries_.push_back({{place, message}, order_of(place)});
}

std::vector<ErrorList::Entry> ErrorList::entries() const {
  std::vector<const Placed*> sorted;
  for (const Placed& placed : entries_) sorted.push_back(&placed);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Placed* a, const Placed* b) {
    return std::tie(a->order.file, a->order.line, a->order.column) <
           std::tie(b->order.file, b->order.line, b->order.column);
  });
  std::vector<Entry> out;
  for (const Placed* placed : sorted) out.push_back(placed->entry);
  return out;
}

std::vector<std::string> ErrorList::messages() const {
  std::vector<std::string> lines;
  for (const Entry& e : entries()) {
    if (lines.size() == kMostMessages) {
      lines.push_back(concat("... and ", size() - kMostMessages, " more errors"));
      break;
    }
    lines.push_back(e.place.empty() ? e.message : e.place + ": " + e.message);
  }
  return lines;
}

void ErrorList::throw_if_any() const {
  if (empty()) return;
  std::string text;
  for (const std::string& line : messages()) {
    if (!text.empty()) text += '\n';
    text += line;
  }
  throw ConfigError(text);
}

Node Node::scalar(std::string text, bool quoted) {
  Node node;
  node.quoted_ = quoted;
  const bool null = !quoted && (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL");
  node.kind_ = null ? Kind::kNull : Kind::kScalar;
  node.text_ = null && !text.empty() ? "null" : std::move(text);
  return node;
}

Node Node::number(double value) { return scalar(concat(value)); }
Node Node::integer(int64_t value) { return scalar(concat(value)); }
Node Node::boolean(bool value) { return scalar(value ? "true" : "false"); }

Node Node::list(std::vector<Node> items) {
  Node node;
  node.kind_ = Kind::kList;
  node.items_ = std::move(items);
  return node;
}

Node Node::map(std::vector<std::pair<std::string, Node>> entries) {
  Node node;
  node.kind_ = Kind::kMap;
  node.entries_ = std::move(entries);
  return node;
}

Node Node::from_json(const nlohmann::json& json, const std::string& file_name) {
  return node_from_json(json, file_name, 0);
}

nlohmann::json Node::to_json() const {
  switch (kind_) {
    case Kind::kNull:
      return nullptr;
    case Kind::kScalar:
      if (const auto flag = true_or_false(*this)) return *flag;
      if (const auto whole = decimal_integer(*this)) return *whole;
      if (const auto value = decimal_number(*this)) return *value;
      return text_;
    case Kind::kList: {
      auto json = nlohmann::json::array();
      for (const Node& item : items_) json.push_back(item.to_json());
      return json;
    }
    case Kind::kMap: {
      auto json = nlohmann::json::object();
      for (const auto& [key, value] : entries_) json[key] = value.to_json();
      return json;
    }
  }
  return nullptr;
}

const Node* Node::find(std::string_view key) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const auto& e) { return e.first == key; });
  return found == entries_.end() ? nullptr : &found->second;
}

Node* Node::find(std::string_view key) { return const_cast<Node*>(std::as_const(*this).find(key)); }

const Node& Node::operator[](std::string_view key) const {
  static const Node kNothing;
  const Node* found = find(key);
  return found == nullptr ? kNothing : *found;
}

void Node::set(const std::string& key, Node value) {
  if (is_null()) kind_ = Kind::kMap;
  HGQ_CHECK(is_map(), ConfigError, place_, ": cannot set '", key, "' in ", describe(*this), ", only in a map");
  if (Node* found = find(key)) {
    *found = std::move(value);
  } else {
    entries_.emplace_back(key, std::move(value));
  }
}

void Node::erase(std::string_view key) {
  std::erase_if(entries_, [&](const auto& e) { return e.first == key; });
}

void Node::set_places(const std::string& place) {
  place_ = place;
  key_place_ = place;
  for (Node& item : items_) item.set_places(place);
  for (auto& [key, value] : entries_) value.set_places(place);
}

bool same_value(const Node& a, const Node& b) {
  if (a.kind() != b.kind()) return false;
  if (a.is_scalar()) return same_scalar(a, b);
  if (a.is_list())
    return std::equal(a.items().begin(), a.items().end(), b.items().begin(), b.items().end(), same_value);
  if (a.entries().size() != b.entries().size()) return false;
  return std::all_of(a.entries().begin(), a.entries().end(), [&](const auto& entry) {
    const Node* other = b.find(entry.first);
    return other != nullptr && same_value(entry.second, *other);
  });
}

std::string json_reason(std::string_view what) {
  if (what.starts_with('[')) what.remove_prefix(std::min(what.find(']') + 1, what.size()));
  what = what.substr(0, what.find("; last read"));
  what.remove_prefix(std::min(what.find_first_not_of(' '), what.size()));
  return std::string(what);
}

std::string describe(const Node& node) {
  switch (node.kind()) {
    case Node::Kind::kNull:
      return node.text().empty() ? "nothing" : "null";
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kMap:
      return "a map";
    case Node::Kind::kScalar:
      break;
  }
  if (true_or_false(node)) return node.text();
  if (decimal_number(node)) return "the number " + printable(node.text());
  return "the text '" + printable(node.text()) + "'";
}

}  // namespace hgq
