#include "hgq/layers/layer_graph.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/layers/kinds.h"
#include "hgq/layers/layer_order.h"

namespace hgq {
namespace {

constexpr int kMaxDepth = 32;  // of nested models
constexpr std::size_t kLongestKind = 64;

/// The list of the model, or of a nested one.
struct ListOfLayers {
  std::span<const LayerSpec> specs;
  std::vector<std::string> outputs{}, output_places{};
  std::string path{};   // before the index of a layer that was given in code: "layers[2].", or empty
  std::string place{};  // of the nested model; empty for the model
  std::string name{};   // of the nested model
  int depth = 0;

  bool is_nested() const { return depth > 0; }
  std::string section() const { return is_nested() ? "NestedModel" : "model"; }
};

bool is_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto other = [](char c) { return (c >= '0' && c <= '9') || c == '_'; };
  return !text.empty() && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || other(c); });
}

std::string text_key(const LayerSpec& spec, std::string_view key) {
  const Node* const node = spec.arguments.find(key);
  return node == nullptr ? "" : text_of(*node).value_or("");
}

class Arranger {
 public:
  Arranger(const LayerGraphOptions& options, ErrorList& errors) : options_(options), errors_(errors) {}

  LayerGraph arrange(const ListOfLayers& list) {
    LayerGraph graph;
    const auto inputs = static_cast<std::size_t>(std::ranges::count(list.specs, kInputKind, &LayerSpec::kind));
    if (list.specs.empty() || list.specs.size() - inputs > kMaxLayers) {
      errors_.add(list.place, concat(list.section(), ".layers: found a list of ", list.specs.size(),
                                     ", expected a list of 1 to ", kMaxLayers, " layers"));
      return graph;
    }
    const std::size_t before = errors_.size();
    const std::vector<std::string> names = layer_names(list.specs, options_.kinds);
    GraphDraft draft;
    for (std::size_t i = 0; i < list.specs.size(); ++i) {
      const std::string place = concat(list.path, "layers[", i, "]");
      if (!list.specs[i].kind.empty()) {
        add_layer(draft, list.specs[i], names[i], place, list.depth);
      } else if (errors_.empty()) {
        errors_.add(place, "found a layer without a kind, expected the name of a class of layers, as HDense");
      }
    }
    const bool complete = options_.is_complete && draft.layers.size() == list.specs.size();
    if (complete) imply_input(draft, list.is_nested());
    // With a layer missing, neither the chain nor a name that is not found says anything.
    std::vector<std::size_t> order;
    if (complete && connect_layers(draft, errors_)) order = flow_order(draft, errors_);
    if (complete) graph.outputs = outputs_of(draft, list);
    if (complete && errors_.size() == before) {
      for (const LayerNode& layer : draft.layers) check_inputs_of_nested(draft, layer);
    }
    if (complete && errors_.size() == before) {
      const std::string outputs = list.is_nested() ? concat("the outputs of '", list.name, "'") : "model.outputs";
      check_all_used(draft, order, graph.outputs, outputs, !options_.from_keras, errors_);
    }
    graph.is_valid = complete && errors_.size() == before;
    finish(graph, std::move(draft), order);
    return graph;
  }

 private:
  void add_layer(GraphDraft& draft, const LayerSpec& spec, const std::string& name, const std::string& place_in_code,
                 int depth) {
    LayerNode& layer = draft.layers.emplace_back();
    std::string& shared = draft.shared.emplace_back();
    layer.spec = spec;
    layer.name = name;
    if (spec.arguments.key_place().empty()) layer.spec.arguments.set_places(place_in_code);
    layer.place = layer.spec.arguments.key_place();
    check_kind(layer);
    Node& arguments = layer.spec.arguments;
    if (!arguments.is_map() && !arguments.is_null()) return;  // whoever reads its keys says so
    check_name(layer);
    const Node* const given = arguments.find("name");
    Node name_node = Node::string(name);
    name_node.set_place(given == nullptr ? layer.place : given->place());
    arguments.set("name", std::move(name_node));
    if (spec.kind == kInputKind) read_input(layer);
    if (spec.kind == kSharedKind) shared = read_shared(layer);
    if (spec.kind == kNestedKind) layer.inside = read_nested(layer, place_in_code, depth);
  }

  void check_kind(const LayerNode& layer) {
    const std::string& kind = layer.spec.kind;
    const bool known = options_.kinds == nullptr || is_structure(kind) || options_.kinds->layers.find(kind) != nullptr;
    if (known && kind.size() <= kLongestKind) return;
    std::vector<std::string> all;
    if (options_.kinds != nullptr) all = options_.kinds->layers.names();
    for (const std::string_view structure : {kInputKind, kNestedKind, kSharedKind}) all.emplace_back(structure);
    errors_.add(layer.place, concat("unknown layer '", printable(kind), "'",
                                    bounded_suggestion(kind.substr(kind.rfind('>') + 1), all, errors_)));
  }

  void check_name(const LayerNode& layer) {
    const Node* const name = layer.spec.arguments.find("name");
    if (name == nullptr || (name->is_null() && !name->text().empty())) return;
    const std::string where = layer.spec.kind + ".name: found ";
    const auto text = text_of(*name);
    if (!text) {
      errors_.add(name->place(), concat(where, describe(*name), ", expected text"));
    } else if (!options_.from_keras && !is_name(*text)) {
      errors_.add(name->place(),
                  concat(where, describe(*name),
                         ", expected a letter, then letters, digits and '_' (hls4ml makes C++ names of them)"));
    }
  }

  void read_input(LayerNode& layer) {
    ConfigReader c(layer.spec.arguments, layer.spec.kind, errors_);
    c.known("name");
    std::vector<int64_t> shape = c.integers("shape", "shape of a sample", {}, {.min = 1});
    if (c.has("shape")) layer.shape = std::move(shape);
    c.finish();
    if (layer.spec.inputs.empty()) return;
    const std::vector<std::string>& places = layer.spec.input_places;
    errors_.add(places.empty() ? layer.place : places.front(), "an Input layer reads nothing, found 'inputs'");
    layer.spec.inputs.clear();
  }

  std::string read_shared(const LayerNode& layer) {
    ConfigReader c(layer.spec.arguments, layer.spec.kind, errors_);
    c.known("name");
    c.known("inputs");  // read already, as of every layer
    const bool is_given = c.has("layer");
    std::string called = c.text("layer", "layer or nested model that is called again", "");
    c.finish();
    if (called.empty() && !is_given)
      errors_.add(layer.place, "Shared.layer: required, the name of the layer or nested model that is called again");
    return called;
  }

  std::shared_ptr<const LayerGraph> read_nested(LayerNode& layer, const std::string& place_in_code, int depth) {
    ConfigReader c(layer.spec.arguments, layer.spec.kind, errors_);
    for (const char* const key : {"name", "inputs", "layers", "outputs"})
      c.known(key);  // the last three are read already
    c.finish();
    LayerGraph inside;
    if (depth >= kMaxDepth) {
      errors_.add(layer.place, concat("models are nested more than ", kMaxDepth, " deep"));
    } else {
      inside = arrange({.specs = layer.spec.layers,
                        .outputs = layer.spec.outputs,
                        .output_places = layer.spec.output_places,
                        .path = place_in_code + ".",
                        .place = layer.place,
                        .name = layer.name,
                        .depth = depth + 1});
    }
    layer.spec.layers.clear();  // the graph has them
    return std::make_shared<const LayerGraph>(std::move(inside));
  }

  /// Puts an Input in front of a chain that has none.
  void imply_input(GraphDraft& draft, bool nested) {
    const auto is_input = [](const LayerNode& layer) { return layer.spec.kind == kInputKind; };
    const LayerNode& first = draft.layers.front();
    if (is_input(first) || !first.spec.inputs.empty()) return;
    if (std::ranges::any_of(draft.layers, is_input)) {
      errors_.add(first.place, concat("the first layer, '", printable(first.name),
                                      "', reads nothing; in a model with Input layers give it 'inputs'"));
      return;
    }
    const auto taken = [&](const std::string& name) {
      return std::ranges::find(draft.layers, name, &LayerNode::name) != draft.layers.end();
    };
    constexpr std::string_view kDefault = "input_1";
    LayerNode input;
    input.name = nested ? kDefault : options_.input_name;
    for (int number = 2; input.name.starts_with("input_") && taken(input.name); ++number)
      input.name = concat("input_", number);
    if (taken(input.name)) {
      const auto layer = std::ranges::find(draft.layers, input.name, &LayerNode::name);
      errors_.add(layer->place, concat("layer '", printable(input.name),
                                       "' has the name of the input of the model, which the data give; rename one"));
      return;
    }
    input.implied = true;
    input.spec = Input(input.name);
    input.place = first.place;
    input.spec.arguments.set_places(input.place);
    draft.layers.insert(draft.layers.begin(), std::move(input));
    draft.shared.insert(draft.shared.begin(), "");
  }

  std::vector<LayerOutput> outputs_of(const GraphDraft& draft, const ListOfLayers& list) {
    if (list.outputs.empty()) return unread_outputs(draft);
    const bool all_are_known = std::ranges::all_of(
        draft.layers, [](const LayerNode& layer) { return layer.inside == nullptr || layer.inside->is_valid; });
    if (!all_are_known) return {};
    return find_outputs(draft, list.outputs, list.output_places, list.section(), list.place, errors_);
  }

  void check_inputs_of_nested(const GraphDraft& draft, const LayerNode& layer) {
    const LayerNode& owner = layer.first_call ? draft.layers[*layer.first_call] : layer;
    if (owner.inside == nullptr || !owner.inside->is_valid || owner.inside->inputs.size() == layer.reads.size()) return;
    errors_.add(layer.place, concat("nested model '", owner.name, "' reads ", join_names(layer.spec.inputs), " (",
                                    layer.reads.size(),
                                    "), expected as many as it has Input layers: ", owner.inside->inputs.size()));
  }

  /// Puts the layers into the order of the flow; without one, that of the list.
  static void finish(LayerGraph& graph, GraphDraft draft, std::vector<std::size_t> order) {
    const std::size_t count = draft.layers.size();
    if (order.empty()) {
      for (std::size_t i = 0; i < count; ++i) order.push_back(i);
    }
    std::vector<std::size_t> moved(count);
    for (std::size_t i = 0; i < count; ++i) moved[order[i]] = i;
    for (std::size_t i = 0; i < count; ++i) {
      if (draft.layers[i].spec.kind == kInputKind) graph.inputs.push_back(moved[i]);
    }
    for (LayerOutput& output : graph.outputs) output.layer = moved[output.layer];
    for (const std::size_t from : order) {
      LayerNode& layer = graph.layers.emplace_back(std::move(draft.layers[from]));
      for (LayerOutput& read : layer.reads) read.layer = moved[read.layer];
      if (layer.first_call) layer.first_call = moved[*layer.first_call];
    }
  }

  const LayerGraphOptions& options_;
  ErrorList& errors_;
};

}  // namespace

bool is_structure(std::string_view kind) { return kind == kInputKind || kind == kNestedKind || kind == kSharedKind; }

LayerGraph arrange_layers(std::span<const LayerSpec> layers, const LayerGraphOptions& options, ErrorList& errors) {
  return Arranger(options, errors)
      .arrange({.specs = layers, .outputs = options.outputs, .output_places = options.output_places});
}

std::vector<std::string> layer_names(std::span<const LayerSpec> layers, const LayerKinds* kinds) {
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (const LayerSpec& layer : layers) {
    names.push_back(text_key(layer, "name"));
    taken.insert(names.back());
  }
  std::map<std::string, int> counts;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string& kind = layers[i].kind;
    if (!names[i].empty() || kind.empty() || kind.size() > kLongestKind) continue;
    const std::string shared = kind == kSharedKind ? text_key(layers[i], "layer") : "";
    const std::string base = shared.empty() ? default_name(kind, kinds) : shared;
    // Keras counts its inputs from 1; a layer that is called again has the plain name already.
    int& count = counts.try_emplace(base, kind == kInputKind || !shared.empty() ? 1 : 0).first->second;
    do {
      names[i] = count == 0 ? base : concat(base, "_", count);
      ++count;
    } while (taken.contains(names[i]));
  }
  return names;
}

}  // namespace hgq
