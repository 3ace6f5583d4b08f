// The `layers` of a config as a graph: kinds, names, who reads whom. It knows no layer, so it can tell a user about a
// wrong name before anything is built.
//
//   layers:
//     - Input: {name: muon, shape: [4]}
//     - Input: {name: mask, shape: [4]}
//     - HQuantize: {name: q, inputs: muon}          # a list is a chain, but where `inputs` says otherwise
//     - HDense: {units: 8}                          # reads q; its name is h_dense, as in Keras
//     - HAdd: {inputs: [h_dense, mask]}
//     - NestedModel: {name: block, layers: [...]}   # names of its own; called by what reads it as `block`, or as
//                                                   # `block/LAYER` where it has several outputs
//     - Shared: {layer: block, inputs: q}           # once more, with the same weights; also for a single layer
//
// A model without Input layers gets one, in front of its first layer. Layers may be written in any order; they come out
// so that each follows those that it reads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hgq/config/node.h"

namespace hgq {

/// More layers than this are refused.
inline constexpr std::size_t kMaxLayers = 4096;

struct LayerNode {
  std::string kind;  // "HDense"
  std::string name;  // unique in the model
  /// Names of the layers that it reads, in order; empty for an Input.
  std::vector<std::string> inputs;
  /// The layer's keys: a map (but after an error), `name` in it, `inputs` not. Its key_place is the place of the kind.
  Node arguments;
  /// Of an Input: the shape of a sample; empty where the data tell.
  std::vector<int64_t> shape;
  /// Of an Input that the config does not write.
  bool implied = false;
  /// Of a NestedModel: its layers, Input layers first, and the names of those that give its outputs.
  std::vector<LayerNode> layers{};
  std::vector<std::string> outputs{};
};

struct LayerGraph {
  std::vector<LayerNode> layers;     // each behind those that it reads
  std::vector<std::string> inputs;   // names of the Input layers, in the order of the config
  std::vector<std::string> outputs;  // names of the layers that give the model's outputs
};

/// The names of the layers in a `layers` list: those given, else the snake case of the class, with _1, _2 ... where it
/// is taken; Input layers are input_1, input_2 ... as in Keras. Empty for an item that is no layer.
std::vector<std::string> layer_names(const Node& layers);

/// NestedModel and Shared: no layers of their own, so the registry does not know them.
bool is_structure(const std::string& kind);

/// Reads `layers` and `outputs` (nullptr: the layers that nobody reads, in order). `kinds`: those that are known, for
/// the nearest name; empty: all are taken. The name of an implied Input is `input_name`. After an error the graph holds
/// the layers that can be read, in the order of the config.
LayerGraph read_layer_graph(const Node& layers, const Node* outputs, const std::vector<std::string>& kinds,
                            const std::string& input_name, ErrorList& errors);

}  // namespace hgq
