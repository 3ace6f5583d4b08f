#include "hgq/apps/layer_graph.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "hgq/apps/layer_order.h"
#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/layers/kinds.h"

namespace hgq {
namespace {

constexpr std::string_view kNested = "NestedModel";
constexpr std::string_view kShared = "Shared";
constexpr int kMaxDepth = 32;  // of nested models
constexpr std::size_t kLongestKind = 64;

/// What is the same for all layers of a config.
struct Reading {
  const std::vector<std::string>& kinds;
  ErrorList& errors;
  int depth = 0;
};

LayerGraph read_graph(const Node& layers, const Node* outputs, const std::string& input_name, const Reading& reading,
                      bool nested);

bool is_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto other = [](char c) { return (c >= '0' && c <= '9') || c == '_'; };
  return !text.empty() && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || other(c); });
}

/// The kind of an item that is a layer at first sight, without a word about one that is not.
std::string kind_of(const Node& item) {
  ErrorList ignored;
  return read_named(item, "", ignored).name;
}

std::string given_name(const Node& item) {
  ErrorList ignored;
  const NamedNode named = read_named(item, "", ignored);
  const Node* name = named.arguments.find("name");
  return name == nullptr ? "" : text_of(*name).value_or("");
}

std::string shared_layer(const Node& item) {
  ErrorList ignored;
  const NamedNode named = read_named(item, "", ignored);
  const Node* layer = named.arguments.find("layer");
  return layer == nullptr ? "" : text_of(*layer).value_or("");
}

void read_inputs(Draft& draft, ErrorList& errors) {
  const Node* node = draft.layer.arguments.find("inputs");
  if (node == nullptr || (node->is_null() && !node->text().empty())) return;
  const std::string where = draft.layer.kind + ".inputs: ";
  if (draft.layer.kind == kInputKind) {
    errors.add(node->key_place(), "an Input layer reads nothing, found 'inputs'");
    return;
  }
  const std::vector<Node> items = node->is_list() ? node->items() : std::vector<Node>{*node};
  if (items.empty()) errors.add(node->place(), where + "found an empty list, expected names of layers");
  for (const Node& item : items) {
    const auto name = text_of(item);
    if (!name) {
      errors.add(item.place(), concat(where, "found ", describe(item), ", expected the name of a layer"));
      continue;
    }
    draft.layer.inputs.push_back(*name);
    draft.input_places.push_back(item.place());
  }
}

/// What is known of an Input layer: all of its keys are read here.
void read_input_layer(LayerNode& layer, ErrorList& errors) {
  ConfigReader c(layer.arguments, layer.kind, errors);
  c.known("name");
  layer.shape = c.integers("shape", "shape of a sample", {}, {.min = 1});
  c.finish();
}

/// Checks the name of a layer that has one.
void check_name(const Node& arguments, const std::string& kind, ErrorList& errors) {
  const Node* name = arguments.find("name");
  if (name == nullptr || (name->is_null() && !name->text().empty())) return;
  const auto text = text_of(*name);
  if (!text) {
    errors.add(name->place(), concat(kind, ".name: found ", describe(*name), ", expected text"));
  } else if (!is_name(*text)) {
    errors.add(name->place(),
               concat(kind, ".name: found ", describe(*name),
                      ", expected a letter, then letters, digits and '_' (hls4ml makes C++ names of them)"));
  }
}

/// The first call of a Shared.
void read_shared(Draft& draft, ErrorList& errors) {
  ConfigReader c(draft.layer.arguments, draft.layer.kind, errors);
  c.known("name");
  draft.shared = c.text("layer", "layer or nested model that is called again", "");
  c.finish();
  if (draft.shared.empty())
    errors.add(draft.place, "Shared.layer: required, the name of the layer or nested model that is called again");
}

/// The layers inside a NestedModel.
void read_nested(Draft& draft, const Reading& reading) {
  ConfigReader c(draft.layer.arguments, draft.layer.kind, reading.errors);
  c.known("name");
  const Node* const layers = c.node("layers", "the layers inside", "a list", "required");
  const Node* const outputs = c.node("outputs", "names of the layers inside that give its outputs", "a list", "");
  c.finish();
  if (layers == nullptr) return;
  if (reading.depth >= kMaxDepth) {
    reading.errors.add(draft.place, concat("models are nested more than ", kMaxDepth, " deep"));
    return;
  }
  LayerGraph graph = read_graph(*layers, outputs, "", {reading.kinds, reading.errors, reading.depth + 1}, true);
  std::stable_partition(graph.layers.begin(), graph.layers.end(),
                        [](const LayerNode& layer) { return layer.kind == kInputKind; });
  draft.outputs = graph.outputs;
  draft.layer.layers = std::move(graph.layers);
  draft.layer.outputs = std::move(graph.outputs);
  draft.layer.arguments.erase("layers");
  draft.layer.arguments.erase("outputs");
}

std::optional<Draft> read_layer(const Node& item, const std::string& name, const Reading& reading) {
  const std::vector<std::string>& kinds = reading.kinds;
  ErrorList& errors = reading.errors;
  NamedNode named = read_named(item, "a layer", errors);
  if (named.name.empty()) return std::nullopt;
  Draft draft;
  draft.layer.kind = named.name;
  draft.layer.name = name;
  draft.place = named.arguments.key_place();
  const bool known = named.name == kInputKind || is_structure(named.name) || kinds.empty() ||
                     std::find(kinds.begin(), kinds.end(), named.name) != kinds.end();
  if (!known || named.name.size() > kLongestKind) {
    std::vector<std::string> all = kinds;
    for (const std::string_view own : {kInputKind, kNested, kShared}) {
      if (std::find(all.begin(), all.end(), own) == all.end()) all.emplace_back(own);
    }
    errors.add(draft.place, concat("unknown layer '", printable(named.name), "'", suggestion(named.name, all)));
  }
  if (!named.arguments.is_map() && !named.arguments.is_null()) {
    errors.add(named.arguments.place(),
               concat(named.name, ": found ", describe(named.arguments), ", expected a map (key: value)"));
    draft.layer.arguments = std::move(named.arguments);
    return draft;
  }
  check_name(named.arguments, named.name, errors);
  draft.layer.arguments = std::move(named.arguments);
  read_inputs(draft, errors);
  draft.layer.arguments.erase("inputs");
  const Node* old = draft.layer.arguments.find("name");
  Node name_node = Node::string(name);
  name_node.set_place(old == nullptr ? draft.place : old->place());
  draft.layer.arguments.set("name", std::move(name_node));
  if (draft.layer.kind == kInputKind) read_input_layer(draft.layer, errors);
  if (draft.layer.kind == kShared) read_shared(draft, errors);
  if (draft.layer.kind == kNested) read_nested(draft, reading);
  return draft;
}

/// Puts an Input in front of a model that has none.
void imply_input(std::vector<Draft>& drafts, const std::string& input_name, ErrorList& errors) {
  const auto is_input = [](const Draft& d) { return d.layer.kind == kInputKind; };
  if (drafts.empty() || is_input(drafts.front()) || !drafts.front().layer.inputs.empty()) return;
  if (std::any_of(drafts.begin(), drafts.end(), is_input)) {
    errors.add(drafts.front().place, concat("the first layer, '", drafts.front().layer.name,
                                            "', reads nothing; in a model with Input layers give it 'inputs'"));
    return;
  }
  Draft draft;
  draft.layer.kind = kInputKind;
  draft.layer.name = input_name;
  draft.layer.implied = true;
  draft.layer.arguments.set("name", Node::string(input_name));
  draft.place = drafts.front().place;
  draft.layer.arguments.set_places(draft.place);
  drafts.insert(drafts.begin(), std::move(draft));
}

std::vector<std::string> read_outputs(const Node& node, const std::vector<std::string>& names,
                                      const std::string& section, ErrorList& errors) {
  std::vector<std::string> outputs;
  const std::vector<Node> items = node.is_list() ? node.items() : std::vector<Node>{node};
  if (items.empty()) errors.add(node.place(), section + ".outputs: found an empty list, expected names of layers");
  for (const Node& item : items) {
    const auto name = text_of(item);
    if (!name) {
      errors.add(item.place(), concat(section, ".outputs: found ", describe(item), ", expected the name of a layer"));
    } else if (std::find(names.begin(), names.end(), *name) == names.end()) {
      errors.add(item.place(), concat(section, ".outputs: '", printable(*name), "' is no layer",
                                      bounded_suggestion(*name, names, errors)));
    } else if (std::find(outputs.begin(), outputs.end(), *name) != outputs.end()) {
      errors.add(item.place(), concat(section, ".outputs: '", *name, "' stands there twice"));
    } else {
      outputs.push_back(*name);
    }
  }
  return outputs;
}

LayerGraph read_graph(const Node& layers, const Node* outputs, const std::string& input_name, const Reading& reading,
                      bool nested) {
  ErrorList& errors = reading.errors;
  const std::string section = nested ? "NestedModel" : "model";
  LayerGraph graph;
  if (!layers.is_list() || layers.items().empty() || layers.items().size() > kMaxLayers) {
    const std::string found = layers.is_list() ? concat("a list of ", layers.items().size()) : describe(layers);
    errors.add(layers.place(),
               concat(section, ".layers: found ", found, ", expected a list of 1 to ", kMaxLayers, " layers"));
    return graph;
  }
  const std::size_t before = errors.size();
  const std::vector<std::string> names = layer_names(layers);
  std::vector<Draft> drafts;
  for (std::size_t i = 0; i < layers.items().size(); ++i) {
    if (auto draft = read_layer(layers.items()[i], names[i], reading)) drafts.push_back(std::move(*draft));
  }
  const bool complete = drafts.size() == layers.items().size();
  if (complete && !nested) imply_input(drafts, input_name, errors);
  // With a layer missing, neither the chain nor a name that is not found says anything.
  const bool connected = complete && connect_layers(drafts, errors);
  std::vector<std::size_t> order;
  if (connected) order = flow_order(drafts, errors);
  if (connected) graph.outputs = default_outputs(drafts);
  if (outputs != nullptr && complete) {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < drafts.size(); ++i) {
      for (std::string& name : output_names(drafts, i)) all.push_back(std::move(name));
    }
    graph.outputs = read_outputs(*outputs, all, section, errors);
  }
  if (!order.empty() && errors.size() == before) check_all_used(drafts, order, graph.outputs, errors);
  for (const Draft& draft : drafts) {
    if (draft.layer.kind == kInputKind) graph.inputs.push_back(draft.layer.name);
  }
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    graph.layers.push_back(std::move(drafts[order.empty() ? i : order[i]].layer));
  }
  return graph;
}

}  // namespace

bool is_structure(const std::string& kind) { return kind == kNested || kind == kShared; }

std::vector<std::string> layer_names(const Node& layers) {
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (const Node& item : layers.items()) {
    names.push_back(given_name(item));
    taken.insert(names.back());
  }
  std::map<std::string, int> counts;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string kind = names[i].empty() ? kind_of(layers.items()[i]) : "";
    if (kind.empty() || kind.size() > kLongestKind) continue;
    const std::string shared = kind == kShared ? shared_layer(layers.items()[i]) : "";
    const std::string base = shared.empty() ? default_name(kind) : shared;
    int& count = counts.try_emplace(base, kind == kInputKind || !shared.empty() ? 1 : 0).first->second;
    do {
      names[i] = count == 0 ? base : concat(base, "_", count);
      ++count;
    } while (taken.contains(names[i]));
  }
  return names;
}

LayerGraph read_layer_graph(const Node& layers, const Node* outputs, const std::vector<std::string>& kinds,
                            const std::string& input_name, ErrorList& errors) {
  return read_graph(layers, outputs, input_name, {kinds, errors}, false);
}

}  // namespace hgq
