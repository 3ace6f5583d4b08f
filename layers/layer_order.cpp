#include "hgq/layers/layer_order.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

using Positions = std::unordered_map<std::string, std::size_t>;

const LayerNode& owner_of(const std::vector<LayerNode>& layers, std::size_t index) {
  return layers[layers[index].first_call.value_or(index)];
}

std::vector<std::string> names_of(const std::vector<LayerNode>& layers, std::size_t index) {
  const LayerNode& owner = owner_of(layers, index);
  const std::string& name = layers[index].name;
  if (owner.inside == nullptr || owner.inside->outputs.size() <= 1) return {name};
  std::vector<std::string> names;
  for (const std::string& output : owner.inside->output_names()) names.push_back(concat(name, "/", output));
  return names;
}

/// Positions by name; adds an error for a name that is given twice.
Positions positions_of(const std::vector<LayerNode>& layers, ErrorList& errors) {
  Positions positions;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerNode& layer = layers[i];
    const auto [first, is_new] = positions.emplace(layer.name, i);
    if (is_new) continue;
    const Node* const name = layer.spec.arguments.find("name");
    const bool has_place = name != nullptr && !name->place().empty();
    errors.add(has_place ? name->place() : layer.place,
               concat("duplicate layer name '", printable(layer.name), "', first at ", layers[first->second].place));
  }
  return positions;
}

/// What each Shared calls, and a Shared of a Shared the layer itself.
void find_first_calls(GraphDraft& draft, const Positions& positions, ErrorList& errors) {
  std::vector<LayerNode>& layers = draft.layers;
  std::vector<std::string> names;
  for (const LayerNode& layer : layers) {
    if (layer.spec.kind != kSharedKind && layer.spec.kind != kInputKind) names.push_back(layer.name);
  }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (draft.shared[i].empty()) continue;
    const auto called = positions.find(draft.shared[i]);
    if (called == positions.end()) {
      errors.add(layers[i].place, concat("Shared.layer: '", printable(draft.shared[i]), "' is no layer",
                                         bounded_suggestion(draft.shared[i], names, errors)));
      continue;
    }
    std::size_t owner = called->second;
    for (std::size_t steps = 0; layers[owner].spec.kind == kSharedKind; ++steps) {
      const auto next = positions.find(draft.shared[owner]);
      if (next == positions.end() || steps > layers.size()) break;
      owner = next->second;
    }
    const std::string_view kind = layers[owner].spec.kind;
    if (kind == kInputKind) {
      errors.add(layers[i].place, concat("Shared.layer: '", layers[owner].name, "' is an Input, which has no weights"));
    } else if (kind != kSharedKind) {
      layers[i].first_call = owner;
    } else if (positions.contains(draft.shared[owner])) {
      errors.add(layers[i].place,
                 concat("Shared.layer: '", printable(draft.shared[i]), "' calls itself again; expected a layer"));
    }
  }
}

/// "a -> b -> a", the way that values would flow.
std::string cycle_text(const std::vector<LayerNode>& layers, const std::vector<std::size_t>& path) {
  constexpr std::size_t kMost = 12;
  std::string text = layers[path.front()].name;
  for (std::size_t i = path.size(); i-- > 0;) {
    if (path.size() - i > kMost) return text + " -> ... -> " + layers[path.front()].name;
    text += " -> " + layers[path[i]].name;
  }
  return text;
}

/// Where the layer names its input, or where it stands itself.
std::string place_of_input(const LayerNode& layer, std::size_t input) {
  const std::vector<std::string>& places = layer.spec.input_places;
  return input < places.size() ? places[input] : layer.place;
}

}  // namespace

std::vector<std::string> LayerGraph::input_names() const {
  std::vector<std::string> names;
  for (const std::size_t input : inputs) names.push_back(layers[input].name);
  return names;
}

std::vector<std::string> LayerGraph::names_of(std::size_t layer) const { return hgq::names_of(layers, layer); }

std::vector<std::string> LayerGraph::output_names() const {
  std::vector<std::string> names;
  for (const LayerOutput& output : outputs) names.push_back(names_of(output.layer)[output.output]);
  return names;
}

std::string bounded_suggestion(const std::string& name, const std::vector<std::string>& names,
                               const ErrorList& errors) {
  constexpr std::size_t kMost = 100;
  return errors.size() < kMost ? suggestion(name, names) : "";
}

bool connect_layers(GraphDraft& draft, ErrorList& errors) {
  const std::size_t before = errors.size();
  std::vector<LayerNode>& layers = draft.layers;
  const Positions positions = positions_of(layers, errors);
  std::vector<std::string> names;
  for (const LayerNode& layer : layers) names.push_back(layer.name);
  find_first_calls(draft, positions, errors);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    LayerNode& layer = layers[i];
    std::vector<std::string>& inputs = layer.spec.inputs;
    if (inputs.empty() && layer.spec.kind != kInputKind && i > 0) inputs = {layers[i - 1].name};
    for (std::size_t j = 0; j < inputs.size(); ++j) {
      const std::string& name = inputs[j];
      const auto found = positions.find(name.substr(0, name.find('/')));
      if (found == positions.end()) {
        errors.add(place_of_input(layer, j), concat("layer '", layer.name, "' reads '", printable(name),
                                                    "', which is no layer", bounded_suggestion(name, names, errors)));
        continue;
      }
      const std::vector<std::string> outputs = names_of(layers, found->second);
      const auto output = std::ranges::find(outputs, name);
      layer.reads.push_back({found->second, static_cast<std::size_t>(output - outputs.begin())});
      const LayerGraph* const inside = owner_of(layers, found->second).inside.get();
      const bool outputs_are_known = inside == nullptr || inside->is_valid;
      if (output != outputs.end() || !outputs_are_known) continue;
      errors.add(place_of_input(layer, j), concat("layer '", layer.name, "' reads '", printable(name), "'; '",
                                                  found->first, "' is read as ", join_names(outputs)));
    }
  }
  return errors.size() == before;
}

// A depth-first walk without recursion, as a chain may have thousands of layers.
std::vector<std::size_t> flow_order(const GraphDraft& draft, ErrorList& errors) {
  enum class Mark : uint8_t { kNew, kOpen, kDone };
  struct Visit {
    std::size_t layer;
    std::size_t next = 0;  // of what it needs
  };
  const std::vector<LayerNode>& layers = draft.layers;
  const auto needs = [&](std::size_t i) { return layers[i].reads.size() + (layers[i].first_call ? 1 : 0); };
  const auto need = [&](std::size_t i, std::size_t n) {
    return n < layers[i].reads.size() ? layers[i].reads[n].layer : *layers[i].first_call;
  };
  std::vector<Mark> marks(layers.size(), Mark::kNew);
  std::vector<std::size_t> order;
  for (std::size_t start = 0; start < layers.size(); ++start) {
    if (marks[start] != Mark::kNew) continue;
    std::vector<Visit> walk = {{start}};
    marks[start] = Mark::kOpen;
    while (!walk.empty()) {
      Visit& visit = walk.back();
      if (visit.next == needs(visit.layer)) {
        marks[visit.layer] = Mark::kDone;
        order.push_back(visit.layer);
        walk.pop_back();
        continue;
      }
      const std::size_t needed = need(visit.layer, visit.next++);
      if (marks[needed] == Mark::kOpen) {
        std::vector<std::size_t> path;  // from the layer that closes the cycle to the one that reads it
        for (const Visit& v : walk) {
          if (!path.empty() || v.layer == needed) path.push_back(v.layer);
        }
        errors.add(place_of_input(layers[path.back()], walk.back().next - 1),
                   "layers read each other in a circle: " + cycle_text(layers, path));
        return {};
      }
      if (marks[needed] == Mark::kNew) {
        marks[needed] = Mark::kOpen;
        walk.push_back({needed});
      }
    }
  }
  return order;
}

std::vector<LayerOutput> unread_outputs(const GraphDraft& draft) {
  std::vector<std::vector<bool>> read;
  for (std::size_t i = 0; i < draft.layers.size(); ++i) read.emplace_back(names_of(draft.layers, i).size(), false);
  for (const LayerNode& layer : draft.layers) {
    for (const LayerOutput& r : layer.reads) read[r.layer][r.output] = true;
  }
  std::vector<LayerOutput> unread;
  for (std::size_t i = 0; i < draft.layers.size(); ++i) {
    if (draft.layers[i].spec.kind == kInputKind) continue;
    for (std::size_t output = 0; output < read[i].size(); ++output) {
      if (!read[i][output]) unread.push_back({i, output});
    }
  }
  return unread;
}

std::vector<LayerOutput> find_outputs(const GraphDraft& draft, const std::vector<std::string>& names,
                                      const std::vector<std::string>& places, const std::string& section,
                                      const std::string& place, ErrorList& errors) {
  std::unordered_map<std::string, LayerOutput> known;
  std::vector<std::string> all;
  for (std::size_t i = 0; i < draft.layers.size(); ++i) {
    std::size_t output = 0;
    for (std::string& name : names_of(draft.layers, i)) {
      known.emplace(name, LayerOutput{i, output++});
      all.push_back(std::move(name));
    }
  }
  std::vector<LayerOutput> outputs;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string where = i < places.size() ? places[i] : place;
    const auto found = known.find(names[i]);
    const auto layer = std::ranges::find(draft.layers, names[i], &LayerNode::name);
    if (found == known.end() && layer != draft.layers.end()) {
      const auto index = static_cast<std::size_t>(layer - draft.layers.begin());
      errors.add(where, concat(section, ".outputs: '", printable(names[i]), "' has several outputs; name ",
                               join_names(names_of(draft.layers, index))));
    } else if (found == known.end()) {
      errors.add(where, concat(section, ".outputs: '", printable(names[i]), "' is no layer",
                               bounded_suggestion(names[i], all, errors)));
    } else if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
               names.begin() + static_cast<std::ptrdiff_t>(i)) {
      errors.add(where, concat(section, ".outputs: '", names[i], "' is named twice"));
    } else {
      outputs.push_back(found->second);
    }
  }
  return outputs;
}

void check_all_used(const GraphDraft& draft, const std::vector<std::size_t>& order,
                    const std::vector<LayerOutput>& outputs, const std::string& list, bool inputs_too,
                    ErrorList& errors) {
  const std::vector<LayerNode>& layers = draft.layers;
  std::vector<bool> used(layers.size(), false);
  for (const LayerOutput& output : outputs) used[output.layer] = true;
  for (std::size_t i = order.size(); i-- > 0;) {
    if (!used[order[i]]) continue;
    for (const LayerOutput& read : layers[order[i]].reads) used[read.layer] = true;
  }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (used[i] || layers[i].implied) continue;
    const bool is_input = layers[i].spec.kind == kInputKind;
    if (is_input && !inputs_too) continue;
    errors.add(layers[i].place, is_input ? concat("no layer reads the Input '", printable(layers[i].name), "'")
                                         : concat("layer '", printable(layers[i].name),
                                                  "' leads to no output; name it in ", list, " or leave it out"));
  }
}

}  // namespace hgq
