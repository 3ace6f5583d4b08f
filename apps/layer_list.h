// The `layers` of a config as LayerSpecs, each with its place. What the list means as a graph is worked out by
// layers/layer_graph.h.
//
//   layers:
//     - Input: {name: muon, shape: [4]}
//     - HQuantize: {name: q, inputs: muon}
//     - HDense: {units: 8}
//     - NestedModel: {name: block, layers: [...], outputs: [...]}
//     - Shared: {layer: block, inputs: q}
#pragma once

#include <string>
#include <vector>

#include "hgq/config/node.h"
#include "hgq/layers/layer_spec.h"

namespace hgq {

struct LayerKinds;

/// Names of layers, each with its place.
struct PlacedNames {
  std::vector<std::string> names, places;
};

/// Reads a list of names of layers; a name alone is a list of one. `where` opens messages: "model.outputs".
PlacedNames read_names(const Node& node, const std::string& where, ErrorList& errors);

/// Names as a list in a config.
Node names_node(const std::vector<std::string>& names);

/// Reads a list of layers. An item that is no layer becomes a spec without a kind, after an error; so does a list that
/// cannot be read at all. `section` opens messages: "model".
std::vector<LayerSpec> read_layer_list(const Node& layers, const std::string& section, ErrorList& errors);

/// The names of the layers in a list, those that they get by default included. Empty for an item that is no layer.
std::vector<std::string> names_in_list(const Node& layers, const LayerKinds* kinds = nullptr);

}  // namespace hgq
