#include "hgq/layers/proxy/proxy_file.h"

#include <algorithm>
#include <map>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/layers/proxy/names.h"
#include "hgq/layers/proxy/quantizer.h"
#include "hgq/layers/proxy/registry.h"

namespace hgq {
namespace {

constexpr const char* kZeroFraction = "zero_fraction";

const ProxyQuantizer* as_quantizer(const ProxyLayer* layer) { return dynamic_cast<const ProxyQuantizer*>(layer); }

bool has_zero_fractions(const ProxyModel& model) {
  return std::ranges::any_of(model.layers(), [](const ProxyModel::Entry& entry) {
    const ProxyQuantizer* quantizer = as_quantizer(entry.layer.get());
    return quantizer != nullptr && !quantizer->types().zero_fraction.empty();
  });
}

void write_zero_fractions(const ProxyModel& model, h5::Group& hgq) {
  h5::Group group = hgq.create_group(kZeroFraction);
  for (const ProxyModel::Entry& entry : model.layers()) {
    const ProxyQuantizer* quantizer = as_quantizer(entry.layer.get());
    if (quantizer == nullptr || quantizer->types().zero_fraction.empty()) continue;
    const std::vector<int8_t>& fraction = quantizer->types().zero_fraction;
    group.write_int8(quantizer->name(), fraction, Shape{static_cast<int64_t>(fraction.size())});
  }
}

/// Fractions by layer.
using ZeroFractions = std::map<std::string, std::vector<int8_t>>;

ZeroFractions read_zero_fractions(const h5::Group& hgq) {
  ZeroFractions out;
  if (!hgq.is_group(kZeroFraction)) return out;
  const h5::Group group = hgq.group(kZeroFraction);
  for (const std::string& layer : group.names()) {
    for (const int64_t value : group.read_integers(layer)) {
      HGQ_CHECK(value >= -128 && value <= 127, FileError, group.place(), "/", layer, ": holds ", value,
                ", expected int8");
      out[layer].push_back(static_cast<int8_t>(value));
    }
  }
  return out;
}

}  // namespace

KerasFile proxy_to_keras(const ProxyModel& model) {
  KerasGraph graph;
  graph.name = model.name();
  KerasFile file;
  for (const int index : model.keras_order()) {
    const ProxyModel::Entry& entry = model.layers()[static_cast<size_t>(index)];
    const ProxyLayer& layer = *entry.layer;
    check_proxy_name(layer.name());
    const bool only_child = model.only_child(index);
    KerasNode node{std::string(layer.class_name()), layer.name(), layer.config(only_child), {}};
    for (const int parent : entry.parents) node.inputs.push_back(model.layer(parent).name());
    graph.nodes.push_back(std::move(node));
    file.layers.push_back({layer.name(), layer.weights(only_child)});
  }
  for (const int input : model.inputs()) graph.inputs.push_back(model.layer(input).name());
  for (const int output : model.outputs()) graph.outputs.push_back(model.layer(output).name());
  file.model_config = keras_functional(graph);
  return file;
}

ProxyModel proxy_from_keras(const KerasFile& file) {
  HGQ_CHECK(is_proxy(file), FileError, file.path,
            ": is not a proxy: it has no layer of class HGQ>FixedPointQuantizer; 'export' makes a proxy of a model, "
            "'import' of one of "
            "QKeras");
  KerasGraph graph = keras_graph(file.model_config);
  std::map<std::string, int> index;
  std::vector<ProxyModel::Entry> layers;
  for (const KerasNode& node : graph.nodes) {
    HGQ_CHECK(node.shared_with.empty(), FileError, file.path, ": layer '", node.shared_with,
              "' is called more than once, which no proxy model has");
    const KerasLayerWeights* weights = file.find(node.name);
    ProxyModel::Entry entry;
    entry.layer = read_proxy_layer(node, weights == nullptr ? KerasLayerWeights{node.name, {}} : *weights);
    for (const std::string& input : node.inputs) entry.parents.push_back(index.at(input));
    index[node.name] = static_cast<int>(layers.size());
    layers.push_back(std::move(entry));
  }
  std::vector<int> inputs;
  for (const std::string& name : graph.inputs) inputs.push_back(index.at(name));
  std::vector<int> outputs;
  for (const std::string& name : graph.outputs) outputs.push_back(index.at(name));
  return {std::move(graph.name), std::move(layers), std::move(inputs), std::move(outputs)};
}

bool is_proxy(const KerasFile& file) {
  return std::ranges::any_of(file.model_config["config"]["layers"].items(),
                             [](const Node& layer) { return layer["class_name"].text() == "HGQ>FixedPointQuantizer"; });
}

void save_proxy(const ProxyModel& model, const std::string& path, const WriteGroup& write_hgq) {
  const bool zero_fractions = has_zero_fractions(model);
  WriteGroup write;
  if (zero_fractions || write_hgq) {
    write = [&](h5::Group& hgq) {
      if (zero_fractions) write_zero_fractions(model, hgq);
      if (write_hgq) write_hgq(hgq);
    };
  }
  write_keras_file(proxy_to_keras(model), path, write);
}

ProxyModel load_proxy(const std::string& path, const ReadGroup& read_hgq) {
  ZeroFractions fractions;
  const KerasFile file = read_keras_file(path, [&](const h5::Group& hgq) {
    fractions = read_zero_fractions(hgq);
    if (read_hgq) read_hgq(hgq);
  });
  ProxyModel model = proxy_from_keras(file);
  for (auto& [layer, fraction] : fractions) {
    auto* quantizer = dynamic_cast<ProxyQuantizer*>(model.find(layer));
    HGQ_CHECK(quantizer != nullptr, FileError, path, ":/hgq/", kZeroFraction, "/", layer,
              ": the proxy has no quantizer of this name");
    quantizer->set_zero_fraction(std::move(fraction));
  }
  return model;
}

}  // namespace hgq
