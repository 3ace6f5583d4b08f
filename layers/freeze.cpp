#include "hgq/layers/freeze.h"

#include <algorithm>
#include <set>

#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

/// Every name under which an entry can be frozen: its own, and each beginning of its path, as "a", "a/b", "a/b/c".
std::vector<std::string> names_of(const Model::Entry& entry) {
  std::vector<std::string> names{entry.name};
  for (size_t slash = entry.path.find('/'); slash != std::string::npos; slash = entry.path.find('/', slash + 1))
    names.push_back(entry.path.substr(0, slash));
  if (!entry.path.empty() && entry.path != entry.name) names.push_back(entry.path);
  return names;
}

bool is_named(const Model::Entry& entry, std::span<const std::string> names) {
  const std::vector<std::string> own = names_of(entry);
  return std::ranges::any_of(names, [&](const std::string& name) { return std::ranges::count(own, name) > 0; });
}

}  // namespace

std::vector<std::string> names_to_freeze(const Model& model) {
  std::vector<std::string> all;
  std::set<std::string> seen;
  for (const Model::Entry& entry : model.entries()) {
    if (entry.layer == nullptr) continue;
    for (std::string& name : names_of(entry)) {
      if (seen.insert(name).second) all.push_back(std::move(name));
    }
  }
  return all;
}

std::vector<std::string> unknown_layers(const Model& model, std::span<const std::string> names) {
  const std::vector<std::string> known = names_to_freeze(model);
  std::vector<std::string> unknown;
  for (const std::string& name : names) {
    if (std::ranges::count(known, name) == 0) unknown.push_back(name);
  }
  return unknown;
}

bool freeze_layers(const Model& model, std::span<const std::string> names) {
  const std::vector<std::string> unknown = unknown_layers(model, names);
  if (!unknown.empty()) {
    throw ConfigError(concat("no layer '", printable(unknown.front()), "' to freeze",
                             suggestion(unknown.front(), names_to_freeze(model))));
  }
  // A layer that is called several times is frozen if one of its calls is named.
  std::set<const Layer*> frozen;
  for (const Model::Entry& entry : model.entries()) {
    if (entry.layer != nullptr && is_named(entry, names)) frozen.insert(entry.layer.get());
  }
  bool changed = false;
  for (Layer* const layer : model.layers()) {
    for (Parameter* const parameter : layer->parameters()) {
      changed = changed || parameter->frozen != frozen.contains(layer);
      parameter->frozen = frozen.contains(layer);
    }
  }
  return changed;
}

}  // namespace hgq
