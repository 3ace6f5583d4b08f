// model_config of a Keras 2 file <-> a list of layers with their parents (declared in keras_file.h).
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "hgq/core/config_reader.h"
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

/// The layer of a reference ["NAME", 0, 0] or ["NAME", 0, 0, {}]: first call, first output.
std::string referenced_layer(const Node& reference) {
  const std::vector<Node>& items = reference.items();
  HGQ_CHECK(reference.is_list() && items.size() >= 3 && items[0].is_scalar(), FileError, reference.place(), ": found ",
            describe(reference), ", expected [LAYER, 0, 0]");
  HGQ_CHECK(items[1].text() == "0" && items[2].text() == "0", FileError, reference.place(), ": refers to call ",
            items[1].text(), ", output ", items[2].text(), " of layer '", items[0].text(),
            "'; only layers with one call and one output can be read");
  return items[0].text();
}

/// The parents of a layer: `inbound_nodes` has one entry for each call of the layer, in that one entry for each parent.
std::vector<std::string> parents(const Node& layer, const std::string& name) {
  const Node& calls = required(layer, "inbound_nodes", Node::Kind::kList);
  HGQ_CHECK(calls.items().size() <= 1, FileError, calls.place(), ": layer '", name, "' is called ",
            calls.items().size(), " times; shared layers can not be read");
  std::vector<std::string> out;
  if (calls.items().empty()) return out;
  HGQ_CHECK(calls.items()[0].is_list(), FileError, calls.place(), ": found ", describe(calls.items()[0]),
            ", expected a list of parents");
  for (const Node& parent : calls.items()[0].items()) out.push_back(referenced_layer(parent));
  return out;
}

/// `input_layers`, `output_layers`: a list of references, or one reference.
std::vector<std::string> ends(const Node& config, std::string_view key) {
  const Node& list = required(config, key, Node::Kind::kList);
  if (!list.items().empty() && list.items()[0].is_scalar()) return {referenced_layer(list)};
  std::vector<std::string> out;
  for (const Node& reference : list.items()) out.push_back(referenced_layer(reference));
  return out;
}

KerasNode read_node(const Node& layer) {
  HGQ_CHECK(layer.is_map(), FileError, layer.place(), ": found ", describe(layer), ", expected a layer");
  KerasNode node;
  node.class_name = required_text(layer, "class_name");
  node.config = required(layer, "config", Node::Kind::kMap);
  node.name = required_text(layer.find("name") != nullptr ? layer : node.config, "name");
  return node;
}

/// Puts every layer behind those that it reads, in the order of the file otherwise.
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
    for (const std::string& input : nodes[i].inputs) {
      const auto found = index.find(input);
      HGQ_CHECK(found != index.end(), FileError, config.place(), ": layer '", nodes[i].name, "' reads layer '", input,
                "', which is not there");
      children[found->second].push_back(i);
    }
    missing[i] = nodes[i].inputs.size();
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

KerasGraph functional(const Node& config) {
  KerasGraph graph;
  for (const Node& layer : required(config, "layers", Node::Kind::kList).items()) {
    KerasNode node = read_node(layer);
    node.inputs = parents(layer, node.name);
    graph.nodes.push_back(std::move(node));
  }
  graph.inputs = ends(config, "input_layers");
  graph.outputs = ends(config, "output_layers");
  sort_by_need(graph.nodes, config);
  for (const std::vector<std::string>* list : {&graph.inputs, &graph.outputs}) {
    HGQ_CHECK(!list->empty(), FileError, config.place(), ": the model has no ",
              list == &graph.inputs ? "input" : "output");
    for (const std::string& name : *list) {
      HGQ_CHECK(std::ranges::any_of(graph.nodes, [&](const KerasNode& node) { return node.name == name; }), FileError,
                config.place(), ": input or output layer '", name, "' is not there");
    }
  }
  return graph;
}

/// A chain. Its first entry is an InputLayer, or a layer that tells the shape of its input.
KerasGraph sequential(const Node& config) {
  KerasGraph graph;
  for (const Node& layer : required(config, "layers", Node::Kind::kList).items()) {
    KerasNode node = read_node(layer);
    if (graph.nodes.empty() && node.class_name != "InputLayer") {
      const Node* shape = node.config.find("batch_input_shape");
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
  graph.inputs = {graph.nodes.front().name};
  graph.outputs = {graph.nodes.back().name};
  sort_by_need(graph.nodes, config);
  return graph;
}

Node reference(const std::string& layer, bool with_arguments) {
  std::vector<Node> items{Node::string(layer), Node::integer(0), Node::integer(0)};
  if (with_arguments) items.push_back(Node::map({}));
  return Node::list(std::move(items));
}

Node ends_list(const std::vector<std::string>& layers) {
  std::vector<Node> items;
  for (const std::string& layer : layers) items.push_back(reference(layer, false));
  return Node::list(std::move(items));
}

}  // namespace

KerasGraph keras_graph(const Node& model_config) {
  HGQ_CHECK(model_config.is_map(), FileError, model_config.place(), ": found ", describe(model_config),
            ", expected a model {class_name, config}");
  const std::string class_name = required_text(model_config, "class_name");
  const Node& config = required(model_config, "config", Node::Kind::kMap);
  HGQ_CHECK(class_name == "Functional" || class_name == "Model" || class_name == "Sequential", FileError,
            model_config.place(), ": the model is a '", class_name, "', expected a Functional or Sequential one");
  KerasGraph graph = class_name == "Sequential" ? sequential(config) : functional(config);
  if (const Node* name = config.find("name"); name != nullptr && name->is_scalar()) graph.name = name->text();
  return graph;
}

Node keras_functional(const KerasGraph& graph) {
  std::vector<Node> layers;
  for (const KerasNode& node : graph.nodes) {
    std::vector<Node> calls;
    if (!node.inputs.empty()) {
      std::vector<Node> references;
      for (const std::string& input : node.inputs) references.push_back(reference(input, true));
      calls.push_back(Node::list(std::move(references)));
    }
    layers.push_back(Node::map({{"class_name", Node::string(node.class_name)},
                                {"config", node.config},
                                {"name", Node::string(node.name)},
                                {"inbound_nodes", Node::list(std::move(calls))}}));
  }
  return Node::map({{"class_name", Node::string("Functional")},
                    {"config", Node::map({{"name", Node::string(graph.name)},
                                          {"trainable", Node::boolean(true)},
                                          {"layers", Node::list(std::move(layers))},
                                          {"input_layers", ends_list(graph.inputs)},
                                          {"output_layers", ends_list(graph.outputs)}})}});
}

std::vector<int> keras_order(const std::vector<std::vector<int>>& parents, const std::vector<int>& inputs,
                             const std::vector<int>& outputs) {
  constexpr int kUnseen = -1;
  std::vector<int> visit(parents.size(), kUnseen);
  std::vector<int> depth(parents.size(), 0);
  // The walk, with a stack of its own: a layer before its parents, those in order.
  int visited = 0;
  std::vector<int> stack(outputs.rbegin(), outputs.rend());
  while (!stack.empty()) {
    const int next = stack.back();
    stack.pop_back();
    int& place = visit[static_cast<size_t>(next)];
    if (place != kUnseen) continue;
    place = visited++;
    const std::vector<int>& read = parents[static_cast<size_t>(next)];
    stack.insert(stack.end(), read.rbegin(), read.rend());
  }
  // Children stand behind their parents, so going backwards every depth is final before it is passed on.
  std::vector<int> order;
  for (int i = static_cast<int>(parents.size()) - 1; i >= 0; --i) {
    const auto at = static_cast<size_t>(i);
    if (visit[at] == kUnseen && std::ranges::count(inputs, i) == 0) continue;
    order.push_back(i);
    for (const int parent : parents[at]) {
      depth[static_cast<size_t>(parent)] = std::max(depth[static_cast<size_t>(parent)], depth[at] + 1);
    }
  }
  std::ranges::sort(order, [&](int a, int b) {
    const auto left = static_cast<size_t>(a);
    const auto right = static_cast<size_t>(b);
    return depth[left] != depth[right] ? depth[left] > depth[right] : visit[left] < visit[right];
  });
  return order;
}

}  // namespace hgq
