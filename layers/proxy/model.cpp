#include "hgq/layers/proxy/model.h"

#include <algorithm>
#include <set>
#include <utility>

#include "hgq/core/error.h"

namespace hgq {

ProxyModel::ProxyModel(std::string name, std::vector<Entry> layers, std::vector<int> inputs, std::vector<int> outputs)
    : name_(std::move(name)),
      layers_(std::move(layers)),
      inputs_(std::move(inputs)),
      outputs_(std::move(outputs)),
      readers_(layers_.size()) {
  const auto count = static_cast<int>(layers_.size());
  std::set<std::string_view> names;
  for (int i = 0; i < count; ++i) {
    const Entry& entry = layers_[static_cast<size_t>(i)];
    HGQ_CHECK(names.insert(entry.layer->name()).second, ShapeError, "two layers of the proxy are called '",
              entry.layer->name(), "'");
    for (const int parent : entry.parents) {
      HGQ_CHECK(parent >= 0 && parent < i, ShapeError, "layer '", entry.layer->name(), "': reads layer ", parent,
                ", which is not in front of it");
      ++readers_[static_cast<size_t>(parent)];
    }
  }
  const auto known = [&](int i) { return i >= 0 && i < count; };
  HGQ_CHECK(!inputs_.empty() && std::ranges::all_of(inputs_, known), ShapeError, "the proxy has no input");
  HGQ_CHECK(!outputs_.empty() && std::ranges::all_of(outputs_, known), ShapeError, "the proxy has no output");
  for (int i = 0; i < count; ++i) {
    const bool is_input = layer(i).class_name() == "InputLayer";
    HGQ_CHECK(is_input == (std::ranges::count(inputs_, i) == 1), ShapeError, "layer '", layer(i).name(), "' ",
              is_input ? "is an InputLayer, but not among the inputs of the proxy"
                       : "is an input of the proxy, but no InputLayer");
  }
}

ProxyLayer* ProxyModel::find(std::string_view layer) {
  return const_cast<ProxyLayer*>(std::as_const(*this).find(layer));
}

const ProxyLayer* ProxyModel::find(std::string_view layer) const {
  const auto found = std::ranges::find_if(layers_, [&](const Entry& entry) { return entry.layer->name() == layer; });
  return found == layers_.end() ? nullptr : found->layer.get();
}

bool ProxyModel::only_child(int index) const {
  const std::vector<int>& parents = layers_[static_cast<size_t>(index)].parents;
  return parents.size() == 1 && readers_[static_cast<size_t>(parents[0])] == 1;
}

std::vector<int> ProxyModel::keras_order() const {
  constexpr int kUnseen = -1;
  std::vector<int> visit(layers_.size(), kUnseen);
  std::vector<int> depth(layers_.size(), 0);
  // The walk, with a stack of its own: a layer before its parents, those in order.
  int visited = 0;
  std::vector<int> stack(outputs_.rbegin(), outputs_.rend());
  while (!stack.empty()) {
    const int next = stack.back();
    stack.pop_back();
    int& place = visit[static_cast<size_t>(next)];
    if (place != kUnseen) continue;
    place = visited++;
    const std::vector<int>& parents = layers_[static_cast<size_t>(next)].parents;
    stack.insert(stack.end(), parents.rbegin(), parents.rend());
  }
  // Children stand behind their parents, so going backwards every depth is final before it is passed on.
  std::vector<int> order;
  for (int i = static_cast<int>(layers_.size()) - 1; i >= 0; --i) {
    const auto at = static_cast<size_t>(i);
    if (visit[at] == kUnseen && std::ranges::count(inputs_, i) == 0) continue;
    order.push_back(i);
    for (const int parent : layers_[at].parents) {
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

std::vector<ProxyPlan> plan_layers(const ProxyModel& model) {
  std::vector<ProxyPlan> plans;
  for (const ProxyModel::Entry& entry : model.layers()) {
    std::vector<const ProxySignal*> in;
    for (const int parent : entry.parents) in.push_back(&plans[static_cast<size_t>(parent)].out);
    plans.push_back(entry.layer->plan(in));
  }
  return plans;
}

}  // namespace hgq
