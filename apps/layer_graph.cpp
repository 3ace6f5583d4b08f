#include "hgq/apps/layer_graph.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/layers/kinds.h"

namespace hgq {
namespace {

constexpr std::string_view kInput = "Input";
constexpr std::string_view kNested = "NestedModel";
constexpr std::string_view kShared = "Shared";
constexpr int kMaxDepth = 32;  // of nested models
constexpr std::size_t kLongestKind = 64;

/// A layer while the graph is made: places for messages, and where it stands.
struct Draft {
  LayerNode layer;
  std::string place;                      // of the kind
  std::vector<std::string> input_places;  // of each of its inputs
  std::vector<std::size_t> reads;         // positions of its inputs
  std::vector<std::string> outputs;       // of a call of a NestedModel; else empty
  std::string shared;                     // of a Shared: the layer
  std::optional<std::size_t> first_call;  // its position
};

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
  if (draft.layer.kind == kInput) {
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
                        [](const LayerNode& layer) { return layer.kind == kInput; });
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
  const bool known = named.name == kInput || is_structure(named.name) || kinds.empty() ||
                     std::find(kinds.begin(), kinds.end(), named.name) != kinds.end();
  if (!known || named.name.size() > kLongestKind) {
    std::vector<std::string> all = kinds;
    for (const std::string_view own : {kInput, kNested, kShared}) {
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
  if (draft.layer.kind == kInput) read_input_layer(draft.layer, errors);
  if (draft.layer.kind == kShared) read_shared(draft, errors);
  if (draft.layer.kind == kNested) read_nested(draft, reading);
  return draft;
}

/// Puts an Input in front of a model that has none.
void imply_input(std::vector<Draft>& drafts, const std::string& input_name, ErrorList& errors) {
  const auto is_input = [](const Draft& d) { return d.layer.kind == kInput; };
  if (drafts.empty() || is_input(drafts.front()) || !drafts.front().layer.inputs.empty()) return;
  if (std::any_of(drafts.begin(), drafts.end(), is_input)) {
    errors.add(drafts.front().place, concat("the first layer, '", drafts.front().layer.name,
                                            "', reads nothing; in a model with Input layers give it 'inputs'"));
    return;
  }
  Draft draft;
  draft.layer.kind = kInput;
  draft.layer.name = input_name;
  draft.layer.implied = true;
  draft.layer.arguments.set("name", Node::string(input_name));
  draft.place = drafts.front().place;
  draft.layer.arguments.set_places(draft.place);
  drafts.insert(drafts.begin(), std::move(draft));
}

/// The names by which the outputs of a call are read: its own, or NAME/LAYER of a nested model with several.
std::vector<std::string> output_names(const std::vector<Draft>& drafts, std::size_t index) {
  const Draft* owner = &drafts[index];
  for (std::size_t steps = 0; owner->first_call && steps < drafts.size(); ++steps) owner = &drafts[*owner->first_call];
  const std::string& name = drafts[index].layer.name;
  if (owner->outputs.size() <= 1) return {name};
  std::vector<std::string> names;
  for (const std::string& output : owner->outputs) names.push_back(concat(name, "/", output));
  return names;
}

/// suggestion(), which compares a name with all others, for the first errors alone: more are only counted
/// (ErrorList::messages), and there may be thousands.
std::string hint(const std::string& name, const std::vector<std::string>& names, const ErrorList& errors) {
  constexpr std::size_t kMost = 100;
  return errors.size() < kMost ? suggestion(name, names) : "";
}

void find_first_call(Draft& draft, const std::unordered_map<std::string, std::size_t>& positions,
                     const std::vector<std::string>& names, ErrorList& errors) {
  if (draft.shared.empty()) return;
  const auto found = positions.find(draft.shared);
  if (found == positions.end()) {
    errors.add(draft.place,
               concat("Shared.layer: '", printable(draft.shared), "' is no layer", hint(draft.shared, names, errors)));
  } else {
    draft.first_call = found->second;
  }
}

/// Makes the chain, and positions of names. False after an error.
bool connect(std::vector<Draft>& drafts, ErrorList& errors) {
  const std::size_t before = errors.size();
  std::unordered_map<std::string, std::size_t> positions;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const LayerNode& layer = drafts[i].layer;
    const auto [first, is_new] = positions.emplace(layer.name, i);
    names.push_back(layer.name);
    if (is_new) continue;
    const Node* name = layer.arguments.find("name");
    errors.add(name->place(),
               concat("duplicate layer name '", layer.name, "', first at ", drafts[first->second].place));
  }
  for (Draft& draft : drafts) find_first_call(draft, positions, names, errors);
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    Draft& draft = drafts[i];
    if (draft.layer.inputs.empty() && draft.layer.kind != kInput && i > 0) {
      draft.layer.inputs = {drafts[i - 1].layer.name};
      draft.input_places = {draft.place};
    }
    for (std::size_t j = 0; j < draft.layer.inputs.size(); ++j) {
      const std::string& name = draft.layer.inputs[j];
      const auto found = positions.find(name.substr(0, name.find('/')));
      if (found == positions.end()) {
        errors.add(draft.input_places[j], concat("layer '", draft.layer.name, "' reads '", printable(name),
                                                 "', which is no layer", hint(name, names, errors)));
        continue;
      }
      draft.reads.push_back(found->second);
      const std::vector<std::string> outputs = output_names(drafts, found->second);
      if (std::find(outputs.begin(), outputs.end(), name) != outputs.end()) continue;
      errors.add(draft.input_places[j], concat("layer '", draft.layer.name, "' reads '", printable(name), "'; '",
                                               found->first, "' is read as ", join_names(outputs)));
    }
  }
  return errors.size() == before;
}

/// "a -> b -> a", the way that values would flow.
std::string cycle_text(const std::vector<Draft>& drafts, const std::vector<std::size_t>& path) {
  constexpr std::size_t kMost = 12;
  std::string text = drafts[path.front()].layer.name;
  for (std::size_t i = path.size(); i-- > 0;) {
    if (path.size() - i > kMost) return text + " -> ... -> " + drafts[path.front()].layer.name;
    text += " -> " + drafts[path[i]].layer.name;
  }
  return text;
}

/// Positions so that each layer follows those that it reads, in the order of the config as far as that goes; by a
/// depth-first walk without recursion. Empty after an error.
std::vector<std::size_t> flow_order(const std::vector<Draft>& drafts, ErrorList& errors) {
  enum class State : uint8_t { kNew, kOpen, kDone };
  struct Visit {
    std::size_t layer;
    std::size_t next = 0;  // of its inputs
  };
  // A Shared stands behind the first call of its layer, too.
  const auto needs = [&](std::size_t i) { return drafts[i].reads.size() + (drafts[i].first_call ? 1 : 0); };
  const auto need = [&](std::size_t i, std::size_t n) {
    return n < drafts[i].reads.size() ? drafts[i].reads[n] : *drafts[i].first_call;
  };
  std::vector<State> state(drafts.size(), State::kNew);
  std::vector<std::size_t> order;
  for (std::size_t start = 0; start < drafts.size(); ++start) {
    if (state[start] != State::kNew) continue;
    std::vector<Visit> walk = {{start}};
    state[start] = State::kOpen;
    while (!walk.empty()) {
      Visit& visit = walk.back();
      if (visit.next == needs(visit.layer)) {
        state[visit.layer] = State::kDone;
        order.push_back(visit.layer);
        walk.pop_back();
        continue;
      }
      const std::size_t read = need(visit.layer, visit.next++);
      if (state[read] == State::kOpen) {
        std::vector<std::size_t> path;  // from the layer that closes the cycle to the one that reads it
        for (const Visit& v : walk) {
          if (!path.empty() || v.layer == read) path.push_back(v.layer);
        }
        const std::size_t reader = path.back();
        const std::size_t input = walk.back().next - 1;
        const std::vector<std::string>& places = drafts[reader].input_places;
        const std::string& place = input < places.size() ? places[input] : drafts[reader].place;
        errors.add(place, "layers read each other in a circle: " + cycle_text(drafts, path));
        return {};
      }
      if (state[read] == State::kNew) {
        state[read] = State::kOpen;
        walk.push_back({read});
      }
    }
  }
  return order;
}

std::vector<std::string> default_outputs(const std::vector<Draft>& drafts) {
  std::set<std::string> read;
  for (const Draft& draft : drafts) read.insert(draft.layer.inputs.begin(), draft.layer.inputs.end());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    if (drafts[i].layer.kind == kInput) continue;
    for (std::string& name : output_names(drafts, i)) {
      if (!read.contains(name)) names.push_back(std::move(name));
    }
  }
  return names;
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
      errors.add(item.place(),
                 concat(section, ".outputs: '", printable(*name), "' is no layer", hint(*name, names, errors)));
    } else if (std::find(outputs.begin(), outputs.end(), *name) != outputs.end()) {
      errors.add(item.place(), concat(section, ".outputs: '", *name, "' stands there twice"));
    } else {
      outputs.push_back(*name);
    }
  }
  return outputs;
}

/// A layer that no output needs is a slip: it would be neither trained nor exported.
void check_all_used(const std::vector<Draft>& drafts, const std::vector<std::size_t>& order,
                    const std::vector<std::string>& outputs, ErrorList& errors) {
  std::vector<bool> used(drafts.size(), false);
  const std::set<std::string> wanted(outputs.begin(), outputs.end());
  for (std::size_t i = order.size(); i-- > 0;) {
    const Draft& draft = drafts[order[i]];
    const std::vector<std::string> names = output_names(drafts, order[i]);
    const bool is_output = std::ranges::any_of(names, [&](const std::string& n) { return wanted.contains(n); });
    if (!used[order[i]] && !is_output) continue;
    used[order[i]] = true;
    for (const std::size_t read : draft.reads) used[read] = true;
  }
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    if (used[i] || drafts[i].layer.implied) continue;
    const std::string& name = drafts[i].layer.name;
    errors.add(drafts[i].place,
               drafts[i].layer.kind == kInput
                   ? concat("no layer reads the Input '", name, "'")
                   : concat("layer '", name, "' leads to no output; name it in model.outputs or leave it out"));
  }
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
  const bool connected = complete && connect(drafts, errors);
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
    if (draft.layer.kind == kInput) graph.inputs.push_back(draft.layer.name);
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
    int& count = counts.try_emplace(base, kind == kInput || !shared.empty() ? 1 : 0).first->second;
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
