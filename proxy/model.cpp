#include "hgq/proxy/model.h"

#include <algorithm>
#include <set>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/proxy/quantizer.h"

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
                ", which does not come before it");
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
                       : "is an input of the proxy, but not an InputLayer");
    if (ProxyQuantizer* const quantizer = layers_[static_cast<size_t>(i)].layer->as_quantizer())
      quantizer->set_only_child(only_child(i));
  }
}

ProxyModel ProxyModel::with_outputs(std::vector<int> outputs) && {
  ProxyModel other(name_, std::move(layers_), inputs_, std::move(outputs));
  other.notes_ = std::move(notes_);
  return other;
}

ProxyLayer* ProxyModel::find(std::string_view layer) {
  return const_cast<ProxyLayer*>(std::as_const(*this).find(layer));
}

const ProxyLayer* ProxyModel::find(std::string_view layer) const {
  const auto found = std::ranges::find_if(layers_, [&](const Entry& entry) { return entry.layer->name() == layer; });
  return found == layers_.end() ? nullptr : found->layer.get();
}

void ProxyModel::set_softmax_table(int64_t entries) {
  for (Entry& entry : layers_) entry.layer->set_softmax_table(entries);
}

void ProxyModel::replace(int index, std::unique_ptr<ProxyLayer> layer) {
  std::unique_ptr<ProxyLayer>& place = layers_[static_cast<size_t>(index)].layer;
  HGQ_CHECK(layer->name() == place->name(), ShapeError, "layer '", layer->name(), "' cannot take the place of '",
            place->name(), "', as layers are known by their names");
  if (ProxyQuantizer* const quantizer = layer->as_quantizer()) quantizer->set_only_child(only_child(index));
  place = std::move(layer);
}

bool ProxyModel::only_child(int index) const {
  const std::vector<int>& parents = layers_[static_cast<size_t>(index)].parents;
  return parents.size() == 1 && readers_[static_cast<size_t>(parents[0])] == 1;
}

std::vector<int> ProxyModel::keras_order() const {
  std::vector<std::vector<int>> parents;
  for (const Entry& entry : layers_) parents.push_back(entry.parents);
  return hgq::keras_order(parents, inputs_, outputs_);
}

std::vector<ProxyPlan> plan_layers(const ProxyModel& model) {
  constexpr int64_t kMostElements = int64_t{1} << 23U;  // a file can claim any number; each takes about 60 bytes
  std::vector<ProxyPlan> plans;
  int64_t elements = 0;
  for (const ProxyModel::Entry& entry : model.layers()) {
    std::vector<const ProxySignal*> in;
    for (const int parent : entry.parents) in.push_back(&plans[static_cast<size_t>(parent)].out);
    plans.push_back(entry.layer->plan(in));
    elements += plans.back().out.shape.size();
    HGQ_CHECK(elements <= kMostElements, ShapeError, "the layers of the proxy up to '", entry.layer->name(), "' have ",
              elements, " values a sample together, more than ", kMostElements);
  }
  return plans;
}

}  // namespace hgq
