#include "hgq/deploy/match.h"

#include <algorithm>
#include <map>

#include "hgq/core/error.h"
#include "hgq/deploy/convert.h"
#include "hgq/proxy/unary_lut.h"

namespace hgq {
namespace {

using EndNames = std::map<std::string, std::string>;  // as ProxyModel::ends()

/// Those of the proxy, or, where it comes from a file, which has none (Python HGQ's could not), those that the model's
/// own proxy has: the names in a proxy depend on all layers in front, and on how each was converted.
EndNames end_names(const Model& model, const ProxyModel& proxy) {
  if (!proxy.ends().empty()) return proxy.ends();
  ProxyOptions options;
  for (const ProxyModel::Entry& entry : proxy.layers()) {
    if (entry.layer->table_overflows() != nullptr) options.unary_lut_max_table_size = int64_t{1} << kMaxTableBits;
  }
  try {
    return to_proxy_model(model, options).ends();
  } catch (const Error&) {
    return {};  // a model of other layers or ranges: nothing to match
  }
}

const std::string* find_name(const EndNames& names, const std::string& entry) {
  const auto found = names.find(entry);
  return found == names.end() ? nullptr : &found->second;
}

/// Whether its table comes from a file that does not say which entries wrap.
bool lacks_table_overflows(const ProxyLayer& layer) {
  return layer.table_overflows() != nullptr && layer.table_overflows()->empty();
}

}  // namespace

ProxyMatch::ProxyMatch(const Model& model, const ProxyModel& proxy) : model_(model), proxy_(proxy) {
  std::map<std::string, int> places;
  for (size_t i = 0; i < proxy.layers().size(); ++i) places[proxy.layers()[i].layer->name()] = static_cast<int>(i);
  const EndNames names = end_names(model, proxy);
  for (const Model::Entry& entry : model.entries()) {
    const std::string* const name = find_name(names, entry.name);
    const auto found = name == nullptr ? places.end() : places.find(*name);
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
  const auto lacks = [](const ProxyModel::Entry& entry) { return lacks_table_overflows(*entry.layer); };
  if (std::ranges::none_of(proxy.layers(), lacks)) return;
  const EndNames ends = end_names(model, proxy);
  for (const Model::Entry& entry : model.entries()) {
    const std::string* const name = find_name(ends, entry.name);
    if (entry.layer == nullptr || entry.layer->unary_function() == nullptr || name == nullptr) continue;
    const auto end = std::ranges::find(proxy.layers(), *name, [](const auto& e) { return e.layer->name(); });
    if (end == proxy.layers().end() || end->parents.empty()) continue;
    ProxyLayer& front = *proxy.layers()[static_cast<size_t>(end->parents[0])].layer;
    if (lacks_table_overflows(front)) front.find_table_overflows(*entry.layer->unary_function());
  }
}

}  // namespace hgq
