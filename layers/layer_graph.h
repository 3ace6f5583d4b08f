// A list of LayerSpecs as a graph: the name of each layer, what it reads, and an order in which values flow. Models
// from a config, from code and from a saved file all pass through it, so the rules and the messages are the same for
// all:
//
//   - A layer without `inputs` reads the layer before it in the list. The first layer reads an Input, which is added if
//     the model has none.
//   - Layers may be listed in any order; in the graph each follows those that it reads. Layers that are listed in such
//     an order keep it.
//   - A name is unique among the layers of its list: h_dense, h_dense_1 ... as Keras gives them where there is none.
//   - NestedModel has a list of its own, with names of its own. A layer reads it as `block`, or as `block/LAYER` if it
//     has several outputs.
//   - Shared calls a layer or a nested model of the same list again, with the same weights.
//   - The outputs are the layers that no other layer reads, unless they are named. Every layer leads to an output.
//
// No layer is built here: the graph knows the kinds of layers by name alone. ModelMaker (layers/model_maker.h) builds
// the layers in the order of the graph.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/config/node.h"
#include "hgq/layers/layer_spec.h"

namespace hgq {

struct LayerKinds;
struct LayerGraph;

/// A list of more layers, Input layers not counted, is refused.
inline constexpr std::size_t kMaxLayers = 4096;

/// What a layer reads: an output of a layer of the same graph, by their positions.
struct LayerOutput {
  std::size_t layer = 0;
  std::size_t output = 0;  // of a nested model with several; else 0
};

struct LayerNode {
  LayerSpec spec;                             // its arguments hold the name, its inputs what it reads
  std::string name;                           // unique in the graph
  std::string place;                          // where the layer is given: "run.yaml:4:7", or "layers[2]" for code
  std::vector<LayerOutput> reads;             // empty for an Input
  std::optional<std::vector<int64_t>> shape;  // of an Input: the shape of a sample, if it is given
  std::optional<std::size_t> first_call;     // of a Shared: the layer that it calls again, which is not a Shared itself
  bool implied = false;                      // an Input that was added
  std::shared_ptr<const LayerGraph> inside;  // of a NestedModel
};

struct LayerGraph {
  std::vector<LayerNode> layers;     // each after those that it reads
  std::vector<std::size_t> inputs;   // the Input layers, in the order of the list
  std::vector<LayerOutput> outputs;  // in the order in which they are named, else in that of the list
  bool is_valid = false;             // no error was found

  std::vector<std::string> input_names() const;
  /// The names by which the outputs of a layer are read: its own name, or NAME/LAYER of a nested model with several.
  std::vector<std::string> names_of(std::size_t layer) const;
  std::vector<std::string> output_names() const;
};

/// The kinds that are no layers of a table: Input, Shared, NestedModel.
bool is_structure(std::string_view kind);

struct LayerGraphOptions {
  std::vector<std::string> outputs{};        // names of layers; empty: the layers that no other layer reads
  std::vector<std::string> output_places{};  // where a config names each of them; empty for code
  std::string input_name = "input_1";        // of an Input that is added
  const LayerKinds* kinds = nullptr;         // the kinds of layers that are known; nullptr: all names are accepted
  /// false: parts of the list could not be read, which was reported. Then only single layers are checked, as nothing
  /// certain can be said of what they read.
  bool is_complete = true;
  /// The list was written by Keras: names may be any text, and an Input that no layer reads is accepted.
  bool from_keras = false;
};

/// Adds all that is wrong to `errors`, each with its place. After an error the graph holds those layers whose keys can
/// still be checked, in the order of the list, and nothing of what they read. A spec without a kind is what a reader
/// could not read and has reported; no more is said about the list then than about its single layers.
LayerGraph arrange_layers(std::span<const LayerSpec> layers, const LayerGraphOptions& options, ErrorList& errors);

/// The names that arrange_layers() gives, in the order of the list. Empty for a spec without a kind.
std::vector<std::string> layer_names(std::span<const LayerSpec> layers, const LayerKinds* kinds = nullptr);

}  // namespace hgq
