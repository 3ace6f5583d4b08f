#include "hgq/deploy/match.h"

#include <algorithm>
#include <map>

#include "hgq/core/error.h"
#include "hgq/deploy/convert.h"
#include "hgq/proxy/unary_lut.h"

namespace hgq {
namespace {

/// Names of the proxy layers that hold the outputs of the model's layers.
std::vector<std::string> end_names(const Model& model, const ProxyModel& proxy) {
  ProxyOptions options;
  for (const ProxyModel::Entry& entry : proxy.layers()) {
    if (dynamic_cast<const ProxyUnaryLut*>(entry.layer.get()) != nullptr)
      options.unary_lut_max_table_size = int64_t{1} << kMaxTableBits;
  }
  std::vector<std::string> names;
  try {
    to_proxy_model(model, options, &names);
  } catch (const Error&) {
    names.clear();  // a model of other layers or ranges: nothing to match
  }
  return names;
}

}  // namespace

ProxyMatch::ProxyMatch(const Model& model, const ProxyModel& proxy) : model_(model), proxy_(proxy) {
  std::map<std::string, int> places;
  for (size_t i = 0; i < proxy.layers().size(); ++i) places[proxy.layers()[i].layer->name()] = static_cast<int>(i);
  std::vector<std::string> names = end_names(model, proxy);
  names.resize(model.entries().size());
  for (const std::string& name : names) {
    const auto found = places.find(name);
    ends_.push_back(found == places.end() ? -1 : found->second);
  }
  for (size_t i = 0; i < model.inputs().size() && i < proxy.inputs().size(); ++i)
    ends_[static_cast<size_t>(model.inputs()[i])] = proxy.inputs()[i];
  for (size_t o = 0; o < model.outputs().size() && o < proxy.outputs().size(); ++o)
    ends_[static_cast<size_t>(model.outputs()[o])] = proxy.outputs()[o];
  owners_.assign(proxy.layers().size(), -1);
  for (size_t e = 0; e < ends_.size(); ++e) {
    if (ends_[e] < 0 || model.entries()[e].layer == nullptr) continue;
    for (const int layer : layers_of(e)) {
      int& owner = owners_[static_cast<size_t>(layer)];
      if (owner < 0) owner = static_cast<int>(e);
    }
  }
}

std::vector<int> ProxyMatch::layers_of(size_t entry) const {
  std::vector<int> stops;
  for (const int input : model_.entries()[entry].inputs) stops.push_back(ends_[static_cast<size_t>(input)]);
  std::vector<int> layers;
  std::vector<int> open{ends_[entry]};
  while (!open.empty()) {
    const int layer = open.back();
    open.pop_back();
    if (std::ranges::find(stops, layer) != stops.end() || std::ranges::find(layers, layer) != layers.end()) continue;
    layers.push_back(layer);
    for (const int parent : proxy_.layers()[static_cast<size_t>(layer)].parents) open.push_back(parent);
  }
  return layers;
}

void find_table_overflows(const Model& model, ProxyModel& proxy) {
  const std::vector<std::string> ends = end_names(model, proxy);
  for (size_t e = 0; e < ends.size(); ++e) {
    const Layer* const layer = model.entries()[e].layer.get();
    const auto end = std::ranges::find(proxy.layers(), ends[e], [](const auto& entry) { return entry.layer->name(); });
    if (layer == nullptr || layer->unary_function() == nullptr || end == proxy.layers().end() || end->parents.empty())
      continue;
    auto* const lut = dynamic_cast<ProxyUnaryLut*>(proxy.find(proxy.layer(end->parents[0]).name()));
    if (lut != nullptr && lut->overflows().empty()) lut->find_overflows(*layer->unary_function());
  }
}

}  // namespace hgq
