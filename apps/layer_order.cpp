#include "hgq/apps/layer_order.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

void find_first_call(Draft& draft, const std::unordered_map<std::string, std::size_t>& positions,
                     const std::vector<std::string>& names, ErrorList& errors) {
  if (draft.shared.empty()) return;
  const auto found = positions.find(draft.shared);
  if (found == positions.end()) {
    errors.add(draft.place, concat("Shared.layer: '", printable(draft.shared), "' is no layer",
                                   bounded_suggestion(draft.shared, names, errors)));
  } else {
    draft.first_call = found->second;
  }
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

}  // namespace

std::vector<std::string> output_names(const std::vector<Draft>& drafts, std::size_t index) {
  const Draft* owner = &drafts[index];
  for (std::size_t steps = 0; owner->first_call && steps < drafts.size(); ++steps) owner = &drafts[*owner->first_call];
  const std::string& name = drafts[index].layer.name;
  if (owner->outputs.size() <= 1) return {name};
  std::vector<std::string> names;
  for (const std::string& output : owner->outputs) names.push_back(concat(name, "/", output));
  return names;
}

std::string bounded_suggestion(const std::string& name, const std::vector<std::string>& names,
                               const ErrorList& errors) {
  constexpr std::size_t kMost = 100;
  return errors.size() < kMost ? suggestion(name, names) : "";
}

bool connect_layers(std::vector<Draft>& drafts, ErrorList& errors) {
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
    if (draft.layer.inputs.empty() && draft.layer.kind != kInputKind && i > 0) {
      draft.layer.inputs = {drafts[i - 1].layer.name};
      draft.input_places = {draft.place};
    }
    for (std::size_t j = 0; j < draft.layer.inputs.size(); ++j) {
      const std::string& name = draft.layer.inputs[j];
      const auto found = positions.find(name.substr(0, name.find('/')));
      if (found == positions.end()) {
        errors.add(draft.input_places[j], concat("layer '", draft.layer.name, "' reads '", printable(name),
                                                 "', which is no layer", bounded_suggestion(name, names, errors)));
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
    if (drafts[i].layer.kind == kInputKind) continue;
    for (std::string& name : output_names(drafts, i)) {
      if (!read.contains(name)) names.push_back(std::move(name));
    }
  }
  return names;
}

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
               drafts[i].layer.kind == kInputKind
                   ? concat("no layer reads the Input '", name, "'")
                   : concat("layer '", name, "' leads to no output; name it in model.outputs or leave it out"));
  }
}

}  // namespace hgq
