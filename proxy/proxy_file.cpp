#include "hgq/proxy/proxy_file.h"

#include <algorithm>
#include <map>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/data/keras_classes.h"
#include "hgq/proxy/kinds.h"
#include "hgq/proxy/names.h"

namespace hgq {
namespace {

/// The group of `hgq` with ProxyLayer::table_overflows() of each layer that knows them.
constexpr const char* kTableOverflows = "table_overflows";

bool knows_table_overflows(const ProxyLayer& layer) {
  return layer.table_overflows() != nullptr && !layer.table_overflows()->empty();
}

bool has_table_overflows(const ProxyModel& model) {
  return std::ranges::any_of(model.layers(),
                             [](const ProxyModel::Entry& entry) { return knows_table_overflows(*entry.layer); });
}

void write_table_overflows(const ProxyModel& model, h5::Group& hgq) {
  h5::Group group = hgq.create_group(kTableOverflows);
  for (const ProxyModel::Entry& entry : model.layers()) {
    if (!knows_table_overflows(*entry.layer)) continue;
    const std::vector<int8_t>& values = *entry.layer->table_overflows();
    group.write_int8(entry.layer->name(), values, Shape{std::ssize(values)});
  }
}

using NumbersByLayer = std::map<std::string, std::vector<int8_t>>;

NumbersByLayer read_table_overflows(const h5::Group& hgq) {
  NumbersByLayer out;
  if (!hgq.is_group(kTableOverflows)) return out;
  const h5::Group group = hgq.group(kTableOverflows);
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

// In the order of Keras, by which it pairs weights with layers (proxy-format.md 1.3).
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

// The nodes of the graph are in an order in which each comes after those that it reads.
ProxyModel proxy_from_keras(const KerasFile& file, const ProxyKinds& kinds) {
  const char* const maker = is_qkeras(file) || is_plain_keras(file) ? "import" : "export";
  HGQ_CHECK(is_proxy(file), FileError, file.path,
            ": is not a proxy: it has no layer of class HGQ>FixedPointQuantizer; 'hgq-train ", maker, " ", file.path,
            " --out proxy.h5' makes one of this model");
  KerasGraph graph = keras_graph(file.model_config);
  std::map<std::string, int> index;
  std::vector<ProxyModel::Entry> layers;
  for (const KerasNode& node : graph.nodes) {
    HGQ_CHECK(node.shared_with.empty(), FileError, file.path, ": layer '", node.shared_with,
              "' is called more than once, which no proxy model has");
    const KerasLayerWeights* weights = file.find(node.name);
    ProxyModel::Entry entry;
    entry.layer = read_proxy_layer(node, weights == nullptr ? KerasLayerWeights{node.name, {}} : *weights, kinds);
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
  const bool own = has_table_overflows(model);
  WriteGroup write_group;
  if (own || write_hgq) {
    write_group = [&](h5::Group& hgq) {
      if (own) write_table_overflows(model, hgq);
      if (write_hgq) write_hgq(hgq);
    };
  }
  write_keras_file(proxy_to_keras(model), path, write_group);
}

// Which entries of a table wrap is not part of the Keras file: it is read from the group `hgq`, where there is one.
std::optional<ProxyModel> load_if_proxy(const std::string& path, const ProxyKinds& kinds, const ReadGroup& read_hgq) {
  NumbersByLayer overflows;
  const KerasFile file = read_keras_file(path, [&](const h5::Group& hgq) {
    overflows = read_table_overflows(hgq);
    if (read_hgq) read_hgq(hgq);
  });
  if (!is_proxy(file)) return std::nullopt;
  ProxyModel model = proxy_from_keras(file, kinds);
  for (auto& [layer, numbers] : overflows) {
    ProxyLayer* const table = model.find(layer);
    HGQ_CHECK(table != nullptr && table->table_overflows() != nullptr, FileError, path, ":/hgq/", kTableOverflows, "/",
              layer, ": the proxy has no layer of this name and kind");
    table->set_table_overflows(std::move(numbers));
  }
  return model;
}

ProxyModel load_proxy(const std::string& path, const ProxyKinds& kinds, const ReadGroup& read_hgq) {
  if (std::optional<ProxyModel> proxy = load_if_proxy(path, kinds, read_hgq)) return std::move(*proxy);
  return proxy_from_keras(read_keras_file(path), kinds);  // says what it is
}

}  // namespace hgq
