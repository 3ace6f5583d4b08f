// From the model_config of a Keras 2 file to a list of layers with their parents (declared in keras_file.h).
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/data/keras_file.h"

namespace hgq {
namespace {

std::string required_text(const Node& map, std::string_view key) {
  const Node* found = map.find(key);
  HGQ_CHECK(found != nullptr && found->is_scalar(), FileError, map.place(), ": has ",
            found == nullptr ? "no" : describe(*found) + " as", " '", key, "', expected text");
  return found->text();
}

const Node& required(const Node& map, std::string_view key, Node::Kind kind) {
  const Node* found = map.find(key);
  HGQ_CHECK(found != nullptr && found->kind() == kind, FileError, map.place(), ": has ",
            found == nullptr ? "no" : describe(*found) + " as", " '", key, "', expected a ",
            kind == Node::Kind::kMap ? "map" : "list");
  return *found;
}

constexpr int kMaxDepth = 32;  // of models inside models

/// ["NAME", CALL, OUTPUT], with or without a map of arguments at the end.
struct Reference {
  std::string layer;
  int64_t call = 0, output = 0;
  std::string place;
  bool from_zero = false;  // the first call of a model inside the model has number 0 here
};

/// Keras 3 wraps a reference: {class_name: "__keras_tensor__", config: {keras_history: [NAME, CALL, OUTPUT], ...}}.
const Node& unwrapped(const Node& reference) {
  const Node* const kind = reference.is_map() ? reference.find("class_name") : nullptr;
  return kind != nullptr && kind->text() == "__keras_tensor__" ? reference["config"]["keras_history"] : reference;
}

bool is_reference(const Node& node) {
  const Node& bare = unwrapped(node);
  return &bare != &node || (bare.is_list() && !bare.items().empty() && bare.items()[0].is_scalar());
}

Reference read_reference(const Node& written) {
  const Node& reference = unwrapped(written);
  const std::vector<Node>& items = reference.items();
  HGQ_CHECK(reference.is_list() && items.size() >= 3 && items[0].is_scalar(), FileError, reference.place(), ": found ",
            describe(reference), ", expected [LAYER, CALL, OUTPUT]");
  const auto call = decimal_integer(items[1]);
  const auto output = decimal_integer(items[2]);
  HGQ_CHECK(call && output, FileError, reference.place(), ": found ", describe(items[1]), " and ", describe(items[2]),
            ", expected the numbers of a call and of an output");
  return {items[0].text(), *call, *output, reference.place(), &reference != &written};
}

/// The values of a map by their keys, which are sorted.
std::map<std::string, const Node*> by_key(const Node& map) {
  std::map<std::string, const Node*> out;
  for (const auto& [key, value] : map.entries()) out.emplace(key, &value);
  return out;
}

bool is_map_of_references(const Node& node) { return node.is_map() && !is_reference(node); }

/// The references in nested lists and maps, in the order of tf.nest.flatten: maps by their sorted keys.
void flatten(const Node& node, int depth, std::vector<Reference>& out) {
  HGQ_CHECK(depth <= kMaxDepth, FileError, node.place(), ": lists are nested more than ", kMaxDepth, " deep");
  if (is_map_of_references(node)) {
    for (const auto& [key, value] : by_key(node)) flatten(*value, depth + 1, out);
  } else if (node.is_list() && !is_reference(node)) {
    for (const Node& item : node.items()) flatten(item, depth + 1, out);
  } else {
    out.push_back(read_reference(node));
  }
}

std::vector<Reference> flattened(const Node& config, std::string_view key) {
  const Node* const found = config.find(key);
  HGQ_CHECK(found != nullptr && (found->is_list() || found->is_map()), FileError, config.place(), ": has ",
            found == nullptr ? "no" : describe(*found) + " as", " '", key,
            "', expected references [LAYER, CALL, OUTPUT] in lists or maps");
  std::vector<Reference> out;
  flatten(*found, 0, out);
  return out;
}

/// The names of the inputs of a Functional model that is called with a map: the keys of the map that it was made with,
/// otherwise the names of the layers. Empty for a Sequential model.
std::vector<std::string> input_keys(const Node& config) {
  const Node* const inputs = config.find("input_layers");
  if (inputs == nullptr) return {};
  std::vector<std::string> keys;
  if (is_map_of_references(*inputs)) {
    for (const auto& [key, value] : by_key(*inputs)) keys.push_back(key);
    return keys;
  }
  for (const Reference& reference : flattened(config, "input_layers")) keys.push_back(reference.layer);
  return keys;
}

/// A layer of the file with its calls, each the references that it reads.
struct Called {
  KerasNode node;
  std::vector<std::vector<Reference>> calls;
  std::vector<std::string> names;    // of the calls
  std::vector<std::string> outputs;  // of a model inside
  int64_t first = 0;                 // number of its first call
};

/// A Functional model has a call on its own inputs before other layers call it. Keras counts that call; Keras 3 does
/// not for a Sequential model, nor if calls name their parents.
int64_t first_call_of(const KerasNode& node, bool keras_3) {
  if (!is_nested_model(node.class_name) || (keras_3 && node.class_name == "Sequential")) return 0;
  if (node.class_name != "Sequential") return 1;
  const Node* const layers = node.config.find("layers");
  const bool has_input = layers != nullptr && layers->is_list() && !layers->items().empty() &&
                         layers->items()[0]["class_name"].text() == "InputLayer";
  return has_input ? 1 : 0;
}

bool is_call_of_keras_3(const Node& call) {
  const Node* const arguments = call.is_map() ? call.find("args") : nullptr;
  return arguments != nullptr && arguments->is_list() && !arguments->items().empty() && call.find("kwargs") != nullptr;
}

/// The parents of one call. Keras 2 writes a list; for a model that was called with a map it writes a map, and for a
/// model that was called with a single value that value. Keras 3 writes {args: [...], kwargs: {...}}, of which the
/// first argument counts.
std::vector<Reference> read_call(const Node& call, const Node& layer) {
  const Node& inputs = is_call_of_keras_3(call) ? call["args"].items().front() : call;
  HGQ_CHECK(inputs.is_list() || inputs.is_map(), FileError, inputs.place(), ": found ", describe(inputs),
            ", expected a list of parents");
  std::vector<Reference> out;
  const Node* const named = inputs.is_list() && inputs.items().size() == 1 ? &inputs.items()[0] : &inputs;
  if (is_map_of_references(*named)) {
    const std::map<std::string, const Node*> given = by_key(*named);
    const std::vector<std::string> keys = input_keys(layer["config"]);
    const bool fits = !keys.empty() && std::ranges::all_of(keys, [&](const auto& key) { return given.contains(key); });
    for (const std::string& key : keys) {
      if (fits) flatten(*given.at(key), 0, out);
    }
    if (!fits) flatten(*named, 0, out);
  } else {
    flatten(inputs, 0, out);
  }
  HGQ_CHECK(!out.empty(), FileError, call.place(), ": found a call without parents");
  return out;
}

/// `inbound_nodes` has one entry for each call of the layer.
std::vector<std::vector<Reference>> read_calls(const Node& layer) {
  std::vector<std::vector<Reference>> out;
  for (const Node& call : required(layer, "inbound_nodes", Node::Kind::kList).items())
    out.push_back(read_call(call, layer));
  if (out.empty()) out.emplace_back();
  return out;
}

/// The names of a layer's calls: as our own files say, otherwise NAME, NAME_1 and so on.
std::vector<std::string> call_names(const Node& layer, const std::string& name, size_t calls,
                                    const std::set<std::string>& layers) {
  std::vector<std::string> names{name};
  const Node* const told = layer.find("call_names");
  const bool is_told = told != nullptr && told->is_list() && told->items().size() == calls;
  int number = 1;
  while (names.size() < calls) {
    std::string next = is_told ? told->items()[names.size()].text() : "";
    while (next.empty() || layers.contains(next)) next = concat(name, "_", number++);
    names.push_back(std::move(next));
  }
  return names;
}

/// What a reference stands for: the name of a call, or of one output of it.
std::string referenced(const Reference& reference, const std::map<std::string, Called>& layers) {
  const auto found = layers.find(reference.layer);
  HGQ_CHECK(found != layers.end(), FileError, reference.place, ": refers to layer '", reference.layer,
            "', which is not there");
  const Called& called = found->second;
  const int64_t call = reference.call - (reference.from_zero ? 0 : called.first);
  const auto outputs = static_cast<int64_t>(std::max<size_t>(called.outputs.size(), 1));
  HGQ_CHECK(call >= 0 && call < std::ssize(called.names) && reference.output >= 0 && reference.output < outputs,
            FileError, reference.place, ": refers to call ", reference.call, ", output ", reference.output,
            " of layer '", reference.layer, "', which has ", called.names.size(), " calls and ", outputs, " outputs");
  const std::string& name = called.names[static_cast<size_t>(call)];
  return called.outputs.size() <= 1 ? name : concat(name, "/", called.outputs[static_cast<size_t>(reference.output)]);
}

/// `input_layers`, `output_layers`: one reference, or lists and maps of them.
std::vector<std::string> ends(const Node& config, std::string_view key, const std::map<std::string, Called>& layers) {
  std::vector<std::string> out;
  for (const Reference& reference : flattened(config, key)) out.push_back(referenced(reference, layers));
  return out;
}

KerasGraph read_graph(const Node& model_config, bool nested, int depth);

/// Converts what Keras 3 writes differently to the form of Keras 2: `batch_shape` of an input, and dtypes that are
/// objects.
Node as_keras_2(const Node& written) {
  Node config = written;
  const Node* const shape = config.find("batch_shape");
  if (shape != nullptr && config.find("batch_input_shape") == nullptr) config.set("batch_input_shape", *shape);
  const Node* const dtype = config.find("dtype");
  if (dtype != nullptr && dtype->is_map() && (*dtype)["config"]["name"].is_scalar())
    config.set("dtype", (*dtype)["config"]["name"]);
  return config;
}

bool is_functional(const Node& config) {
  const Node* const layers = config.find("layers");
  return layers != nullptr && layers->is_list() && config.find("input_layers") != nullptr &&
         config.find("output_layers") != nullptr;
}

KerasNode read_node(const Node& layer) {
  HGQ_CHECK(layer.is_map(), FileError, layer.place(), ": found ", describe(layer), ", expected a layer");
  KerasNode node;
  node.class_name = required_text(layer, "class_name");
  node.config = as_keras_2(required(layer, "config", Node::Kind::kMap));
  node.name = required_text(layer.find("name") != nullptr ? layer : node.config, "name");
  if (is_functional(node.config)) node.class_name = "Functional";  // a user's class that is derived from it
  return node;
}

/// Sorts the layers so that each follows those that it reads, and otherwise keeps the order of the file.
void sort_by_need(std::vector<KerasNode>& nodes, const Node& config) {
  std::map<std::string, size_t> index;
  for (size_t i = 0; i < nodes.size(); ++i) {
    HGQ_CHECK(index.emplace(nodes[i].name, i).second, FileError, config.place(), ": two layers are called '",
              nodes[i].name, "'");
  }
  std::vector<std::vector<size_t>> children(nodes.size());
  std::vector<size_t> missing(nodes.size());
  std::set<size_t> ready;
  for (size_t i = 0; i < nodes.size(); ++i) {
    std::vector<std::string> needs = nodes[i].inputs;
    if (!nodes[i].shared_with.empty()) needs.push_back(nodes[i].shared_with);
    for (const std::string& input : needs) {
      const auto found = index.find(input.substr(0, input.find('/')));
      HGQ_CHECK(found != index.end(), FileError, config.place(), ": layer '", nodes[i].name, "' reads layer '", input,
                "', which is not there");
      children[found->second].push_back(i);
    }
    missing[i] = needs.size();
    if (missing[i] == 0) ready.insert(i);
  }
  std::vector<KerasNode> sorted;
  while (!ready.empty()) {
    const size_t next = *ready.begin();
    ready.erase(ready.begin());
    for (const size_t child : children[next]) {
      if (--missing[child] == 0) ready.insert(child);
    }
    sorted.push_back(std::move(nodes[next]));
  }
  HGQ_CHECK(sorted.size() == nodes.size(), FileError, config.place(), ": the layers read each other in a circle");
  nodes = std::move(sorted);
}

/// Our own files with shared layers contain the order of the calls.
void use_call_order(const Node& config, std::vector<KerasNode>& nodes) {
  std::map<std::string, size_t> place;
  for (const Node& name : config["call_order"].items()) place.emplace(name.text(), place.size());
  const auto place_of = [&](const KerasNode& node) {
    const auto found = place.find(node.name);
    return found == place.end() ? place.size() : found->second;
  };
  std::ranges::stable_sort(nodes, {}, place_of);
}

KerasGraph functional(const Node& config, int depth) {
  const std::vector<Node>& items = required(config, "layers", Node::Kind::kList).items();
  std::map<std::string, Called> layers;
  std::set<std::string> taken;
  for (const Node& layer : items) {
    const KerasNode node = read_node(layer);
    HGQ_CHECK(taken.insert(node.name).second, FileError, config.place(), ": two layers are called '", node.name, "'");
  }
  const bool keras_3 = std::ranges::any_of(
      items, [](const Node& layer) { return std::ranges::any_of(layer["inbound_nodes"].items(), is_call_of_keras_3); });
  for (const Node& layer : items) {
    Called called{.node = read_node(layer), .calls = read_calls(layer), .names = {}, .outputs = {}};
    KerasNode& node = called.node;
    called.names = call_names(layer, node.name, called.calls.size(), taken);
    taken.insert(called.names.begin(), called.names.end());
    called.first = first_call_of(node, keras_3);
    if (is_nested_model(node.class_name)) called.outputs = read_graph(layer, true, depth + 1).outputs;
    layers.emplace(node.name, std::move(called));
  }
  KerasGraph graph;
  for (const Node& layer : items) {
    const Called& called = layers.at(read_node(layer).name);
    for (size_t c = 0; c < called.calls.size(); ++c) {
      KerasNode node = called.node;
      node.name = called.names[c];
      if (c > 0) node.shared_with = called.node.name;
      if (const Node& told = layer["proxy_names"]; told.is_list() && c < told.items().size())
        node.proxy_name = told.items()[c].text();
      for (const Reference& parent : called.calls[c]) node.inputs.push_back(referenced(parent, layers));
      graph.nodes.push_back(std::move(node));
    }
  }
  use_call_order(config, graph.nodes);
  graph.inputs = ends(config, "input_layers", layers);
  graph.outputs = ends(config, "output_layers", layers);
  sort_by_need(graph.nodes, config);
  HGQ_CHECK(!graph.inputs.empty() && !graph.outputs.empty(), FileError, config.place(), ": the model has no ",
            graph.inputs.empty() ? "input" : "output");
  return graph;
}

/// A Sequential model. Its first entry is an InputLayer, or a layer with the shape of its input.
KerasGraph sequential(const Node& config, bool nested) {
  KerasGraph graph;
  const Node* const built = config.find("build_input_shape");
  for (const Node& layer : required(config, "layers", Node::Kind::kList).items()) {
    KerasNode node = read_node(layer);
    if (graph.nodes.empty() && node.class_name != "InputLayer") {
      const Node* shape = node.config.find("batch_input_shape");
      if (shape == nullptr && built != nullptr && built->is_list()) shape = built;
      if (nested && shape == nullptr) {
        graph.nodes.push_back(std::move(node));
        continue;
      }
      HGQ_CHECK(shape != nullptr && shape->is_list(), FileError, node.config.place(), ": the first layer, '", node.name,
                "', has no batch_input_shape, so the shape of the input is unknown; build the model before saving it");
      Node input = Node::map({{"batch_input_shape", *shape}, {"dtype", Node::string("float32")}});
      input.set("name", Node::string(node.name + "_input"));
      input.set_place(node.config.place());
      graph.nodes.push_back({"InputLayer", node.name + "_input", std::move(input), {}});
    }
    if (!graph.nodes.empty()) node.inputs = {graph.nodes.back().name};
    graph.nodes.push_back(std::move(node));
  }
  HGQ_CHECK(!graph.nodes.empty(), FileError, config.place(), ": the model has no layers");
  if (graph.nodes.front().class_name == "InputLayer") graph.inputs = {graph.nodes.front().name};
  graph.outputs = {graph.nodes.back().name};
  sort_by_need(graph.nodes, config);
  return graph;
}

KerasGraph read_graph(const Node& model_config, bool nested, int depth) {
  HGQ_CHECK(depth <= kMaxDepth, FileError, model_config.place(), ": models are nested more than ", kMaxDepth, " deep");
  HGQ_CHECK(model_config.is_map(), FileError, model_config.place(), ": found ", describe(model_config),
            ", expected a model {class_name, config}");
  const std::string class_name = required_text(model_config, "class_name");
  const Node& config = required(model_config, "config", Node::Kind::kMap);
  const bool is_sequential =
      !is_functional(config) && is_nested_model(class_name) && class_name.ends_with("Sequential");
  HGQ_CHECK(is_sequential || is_functional(config) || is_nested_model(class_name), FileError, model_config.place(),
            ": the model is a '", printable(class_name), "', expected a Functional or Sequential one");
  KerasGraph graph = is_sequential ? sequential(config, nested) : functional(config, depth);
  const Node* name = config.find("name");
  graph.name = name != nullptr && name->is_scalar() ? name->text() : "model";
  return graph;
}

}  // namespace

std::string_view plain_class_name(std::string_view class_name) {
  return class_name.substr(class_name.rfind('>') + 1);  // npos + 1 is 0
}

bool is_nested_model(std::string_view written) {
  const std::string_view class_name = plain_class_name(written);
  return class_name == "Functional" || class_name == "Model" || class_name == "Sequential";
}

KerasGraph nested_graph(const KerasNode& node) {
  Node model = Node::map({{"class_name", Node::string(node.class_name)}, {"config", node.config}});
  model.set_place(node.config.place());
  return keras_graph(model, true);
}

KerasGraph keras_graph(const Node& model_config, bool nested) { return read_graph(model_config, nested, 0); }

}  // namespace hgq
