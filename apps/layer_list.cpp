#include "hgq/apps/layer_list.h"

#include <utility>

#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/layers/layer_graph.h"

namespace hgq {
namespace {

bool is_written_null(const Node& node) { return node.is_null() && !node.text().empty(); }

/// Takes `inputs` out of the arguments.
void read_inputs(LayerSpec& spec, ErrorList& errors) {
  const Node* const node = spec.arguments.find("inputs");
  if (node != nullptr && !is_written_null(*node)) {
    if (spec.kind == "Input") {  // which reads nothing: the key is what is wrong, whatever it says
      spec.inputs = {""};
      spec.input_places = {node->key_place()};
    } else {
      PlacedNames inputs = read_names(*node, spec.kind + ".inputs", errors);
      spec.inputs = std::move(inputs.names);
      spec.input_places = std::move(inputs.places);
    }
  }
  spec.arguments.erase("inputs");
}

/// Takes the layers of a NestedModel and its outputs out of the arguments.
void read_inside(LayerSpec& spec, ErrorList& errors) {
  const Node* const layers = spec.arguments.find("layers");
  if (layers == nullptr) {
    errors.add(spec.arguments.key_place(), "NestedModel: missing key 'layers' (the layers inside)");
    spec.layers.emplace_back();
  } else {
    spec.layers = read_layer_list(*layers, spec.kind, errors);
  }
  const Node* const outputs = spec.arguments.find("outputs");
  if (outputs != nullptr && !is_written_null(*outputs)) {
    PlacedNames names = read_names(*outputs, spec.kind + ".outputs", errors);
    spec.outputs = std::move(names.names);
    spec.output_places = std::move(names.places);
  }
  spec.arguments.erase("layers");
  spec.arguments.erase("outputs");
}

LayerSpec read_layer(const Node& item, ErrorList& errors) {
  NamedNode named = read_named(item, "a layer", errors);
  LayerSpec spec{.kind = std::move(named.name), .arguments = std::move(named.arguments), .inputs = {}};
  if (spec.kind.empty()) return spec;
  if (!spec.arguments.is_map() && !spec.arguments.is_null()) {
    errors.add(spec.arguments.place(),
               concat(printable(spec.kind), ": found ", describe(spec.arguments), ", expected a map (key: value)"));
    return spec;
  }
  read_inputs(spec, errors);
  if (spec.kind == "NestedModel") read_inside(spec, errors);
  return spec;
}

}  // namespace

PlacedNames read_names(const Node& node, const std::string& where, ErrorList& errors) {
  PlacedNames names;
  const std::vector<Node> items = node.is_list() ? node.items() : std::vector<Node>{node};
  if (items.empty()) errors.add(node.place(), where + ": found an empty list, expected names of layers");
  for (const Node& item : items) {
    const auto name = text_of(item);
    if (!name) {
      errors.add(item.place(), concat(where, ": found ", describe(item), ", expected the name of a layer"));
      continue;
    }
    names.names.push_back(*name);
    names.places.push_back(item.place());
  }
  return names;
}

std::vector<LayerSpec> read_layer_list(const Node& layers, const std::string& section, ErrorList& errors) {
  if (!layers.is_list() || layers.items().empty() || layers.items().size() > kMaxLayers) {
    const std::string found = layers.is_list() ? concat("a list of ", layers.items().size()) : describe(layers);
    errors.add(layers.place(),
               concat(section, ".layers: found ", found, ", expected a list of 1 to ", kMaxLayers, " layers"));
    return {LayerSpec()};
  }
  std::vector<LayerSpec> specs;
  for (const Node& item : layers.items()) specs.push_back(read_layer(item, errors));
  return specs;
}

Node names_node(const std::vector<std::string>& names) {
  std::vector<Node> items;
  for (const std::string& name : names) items.push_back(Node::scalar(name));
  return Node::list(std::move(items));
}

std::vector<std::string> names_in_list(const Node& layers, const LayerKinds* kinds) {
  ErrorList ignored;
  std::vector<LayerSpec> specs;
  for (const Node& item : layers.items()) specs.push_back(read_layer(item, ignored));
  return layer_names(specs, kinds);
}

}  // namespace hgq
