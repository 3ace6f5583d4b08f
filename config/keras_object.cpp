#include "hgq/config/keras_object.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "hgq/config/object_docs.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

const KerasName* find_name(std::string_view name, std::span<const KerasName> table) {
  for (const KerasName& entry : table) {
    if (entry.class_name == name) return &entry;
    if (!name.empty() && std::ranges::find(entry.aliases, name) != entry.aliases.end()) return &entry;
  }
  return nullptr;
}

bool is_lower(std::string_view name) { return !name.empty() && name.front() >= 'a' && name.front() <= 'z'; }

std::string unknown_name(std::string_view name, std::string_view what, std::span<const KerasName> table) {
  const std::string_view noun = what.substr(what.find(' ') + 1);
  const std::string unknown = concat("unknown ", noun, " '", printable(name), "'");
  std::vector<std::string> shown;
  std::vector<std::string> alike, others;  // spelled in the style of what was written, or in the other style
  const auto add = [&](std::string_view known) {
    (is_lower(known) == is_lower(name) ? alike : others).emplace_back(known);
  };
  for (const KerasName& entry : table) {
    shown.emplace_back(entry.class_name);
    add(entry.class_name);
    for (const std::string_view alias : entry.aliases) {
      if (!alias.empty()) add(alias);
    }
  }
  for (const auto* const names : {&alike, &others}) {
    const std::string hint = did_you_mean(name, *names);
    if (!hint.empty()) return concat(unknown, hint);
  }
  return concat(unknown, "; there are: ", join_names(shown));
}

}  // namespace

KerasObject read_keras_object(const Node& node, std::string_view what, std::span<const KerasName> table,
                              ErrorList& errors) {
  NamedNode named = read_named(node, what, errors);
  if (named.name.empty()) return {};
  const std::string written = named.name.substr(named.name.rfind('>') + 1);
  const KerasName* entry = find_name(written, table);
  if (entry == nullptr) {
    errors.add(named.arguments.key_place(), unknown_name(written, what, table));
    return {};
  }
  KerasObject object{
      .name = std::string(entry->class_name), .written = written, .arguments = std::move(named.arguments)};
  if (object.arguments.is_scalar() && !entry->scalar_argument.empty()) {
    Node map = Node::map({{std::string(entry->scalar_argument), object.arguments}});
    map.set_place(object.arguments.place());
    map.set_key_place(object.arguments.key_place());
    object.arguments = std::move(map);
  }
  return object;
}

nlohmann::json keras_json(std::string_view module, std::string_view class_name, nlohmann::json config) {
  return {{"module", module}, {"class_name", class_name}, {"config", std::move(config)}, {"registered_name", nullptr}};
}

std::vector<ObjectDoc> object_docs(std::span<const KerasName> table, const DocOfName& doc_of, const ReadNamed& read) {
  std::vector<ObjectDoc> docs;
  for (const KerasName& name : table) {
    ObjectDoc& doc = docs.emplace_back();
    doc.name = name.class_name;
    doc.scalar = name.scalar_argument;
    doc.doc = doc_of(name);
    for (const std::string_view alias : name.aliases) {
      if (!alias.empty()) doc.aliases.emplace_back(alias);
    }
    ErrorList ignored;
    read(Node::scalar(doc.name), ignored, &doc.keys);
  }
  return docs;
}

}  // namespace hgq
