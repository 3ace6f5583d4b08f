#include "hgq/layers/proxy/proxy_file.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/layers/proxy/names.h"
#include "hgq/layers/proxy/quantizer.h"
#include "hgq/layers/proxy/registry.h"
#include "hgq/layers/proxy/unary_lut.h"

namespace hgq {
namespace {

/// Numbers of a layer that only we know, and the group of `hgq` that holds them by layer.
struct OwnNumbers {
  const char* group;
  std::vector<int8_t> (*of)(const ProxyLayer& layer);            // empty: none
  bool (*give)(ProxyLayer& layer, std::vector<int8_t> numbers);  // false: the layer has no such numbers
};

std::vector<int8_t> zero_fraction(const ProxyLayer& layer) {
  const auto* const quantizer = dynamic_cast<const ProxyQuantizer*>(&layer);
  return quantizer == nullptr ? std::vector<int8_t>{} : quantizer->types().zero_fraction;
}

bool give_zero_fraction(ProxyLayer& layer, std::vector<int8_t> numbers) {
  auto* const quantizer = dynamic_cast<ProxyQuantizer*>(&layer);
  if (quantizer != nullptr) quantizer->set_zero_fraction(std::move(numbers));
  return quantizer != nullptr;
}

std::vector<int8_t> table_overflows(const ProxyLayer& layer) {
  const auto* const lut = dynamic_cast<const ProxyUnaryLut*>(&layer);
  return lut == nullptr ? std::vector<int8_t>{} : lut->overflows();
}

bool give_table_overflows(ProxyLayer& layer, std::vector<int8_t> numbers) {
  auto* const lut = dynamic_cast<ProxyUnaryLut*>(&layer);
  if (lut != nullptr) lut->set_overflows(std::move(numbers));
  return lut != nullptr;
}

constexpr std::array kOwnNumbers{OwnNumbers{"zero_fraction", zero_fraction, give_zero_fraction},
                                 OwnNumbers{"table_overflows", table_overflows, give_table_overflows}};

bool has(const ProxyModel& model, const OwnNumbers& numbers) {
  return std::ranges::any_of(model.layers(),
                             [&](const ProxyModel::Entry& entry) { return !numbers.of(*entry.layer).empty(); });
}

void write(const ProxyModel& model, const OwnNumbers& numbers, h5::Group& hgq) {
  h5::Group group = hgq.create_group(numbers.group);
  for (const ProxyModel::Entry& entry : model.layers()) {
    const std::vector<int8_t> values = numbers.of(*entry.layer);
    if (!values.empty()) group.write_int8(entry.layer->name(), values, Shape{std::ssize(values)});
  }
}

using NumbersByLayer = std::map<std::string, std::vector<int8_t>>;

NumbersByLayer read(const OwnNumbers& numbers, const h5::Group& hgq) {
  NumbersByLayer out;
  if (!hgq.is_group(numbers.group)) return out;
  const h5::Group group = hgq.group(numbers.group);
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
  return std::ranges::any_of(file.model_config["config"]["layers"].items(), [](const Node& layer) {
    return plain_class_name(layer["class_name"].text()) == "FixedPointQuantizer";
  });
}

void save_proxy(const ProxyModel& model, const std::string& path, const WriteGroup& write_hgq) {
  const bool own = std::ranges::any_of(kOwnNumbers, [&](const OwnNumbers& n) { return has(model, n); });
  WriteGroup write_group;
  if (own || write_hgq) {
    write_group = [&](h5::Group& hgq) {
      for (const OwnNumbers& numbers : kOwnNumbers) {
        if (has(model, numbers)) write(model, numbers, hgq);
      }
      if (write_hgq) write_hgq(hgq);
    };
  }
  write_keras_file(proxy_to_keras(model), path, write_group);
}

ProxyModel load_proxy(const std::string& path, const ReadGroup& read_hgq) {
  std::array<NumbersByLayer, kOwnNumbers.size()> own;
  const KerasFile file = read_keras_file(path, [&](const h5::Group& hgq) {
    for (size_t i = 0; i < own.size(); ++i) own[i] = read(kOwnNumbers[i], hgq);
    if (read_hgq) read_hgq(hgq);
  });
  ProxyModel model = proxy_from_keras(file);
  for (size_t i = 0; i < own.size(); ++i) {
    for (auto& [layer, numbers] : own[i]) {
      ProxyLayer* const found = model.find(layer);
      HGQ_CHECK(found != nullptr && kOwnNumbers[i].give(*found, std::move(numbers)), FileError, path, ":/hgq/",
                kOwnNumbers[i].group, "/", layer, ": the proxy has no layer of this name and kind");
    }
  }
  return model;
}

}  // namespace hgq
