#include "hgq/layers/hgq_file.h"

#include <zlib.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"

namespace hgq {
namespace {

using Json = nlohmann::json;

std::vector<NamedTensor> all_weights(const Model& model) {
  std::vector<NamedTensor> all;
  for (const Parameter* const p : model.parameters()) all.push_back({p->name, p->value.clone()});
  for (const State* const s : model.states()) all.push_back({s->name, s->value.clone()});
  return all;
}

/// CRC-32 of names and values, as stored.
int64_t checksum(const std::vector<NamedTensor>& weights) {
  uLong crc = crc32(0, nullptr, 0);
  for (const NamedTensor& w : weights) {
    crc = crc32(crc, reinterpret_cast<const Bytef*>(w.name.data()), static_cast<uInt>(w.name.size()));
    crc = crc32_z(crc, reinterpret_cast<const Bytef*>(w.value.data()), static_cast<size_t>(w.value.size()) * sizeof(float));
  }
  return static_cast<int64_t>(crc);
}

void write_weights(h5::Group& hgq, const Model& model) {
  const std::vector<NamedTensor> weights = all_weights(model);
  h5::Group group = hgq.create_group("weights");
  Json names = Json::array();
  for (size_t i = 0; i < weights.size(); ++i) {
    group.write_floats(concat(i), weights[i].value.view());
    names.push_back(weights[i].name);
  }
  group.set_attribute("names", names.dump());
  group.set_attribute("checksum", checksum(weights));
  hgq.set_attribute("format", int64_t{1});
}

void read_weights(const h5::Group& hgq, const Model& model) {
  const h5::Group group = hgq.group("weights");
  const Json names = Json::parse(group.attribute_string("names"), nullptr, false);
  const std::vector<Parameter*> parameters = model.parameters();
  const std::vector<State*> states = model.states();
  HGQ_CHECK(names.is_array() && names.size() == parameters.size() + states.size(), FileError, group.place(), ": does not hold the ",
            parameters.size() + states.size(), " weights of its model");
  std::vector<NamedTensor> weights;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string& name = i < parameters.size() ? parameters[i]->name : states[i - parameters.size()]->name;
    const Shape& shape = i < parameters.size() ? parameters[i]->value.shape() : states[i - parameters.size()]->value.shape();
    const h5::DatasetInfo info = group.info(concat(i));
    HGQ_CHECK(names[i].is_string() && names[i].get<std::string>() == name && info.shape == shape, FileError, group.place(), ": expected '", name, "' of shape ",
              shape, ", found ", names[i].dump(), " of shape ", info.shape);
    weights.push_back({name, group.read_floats(concat(i))});
  }
  HGQ_CHECK(checksum(weights) == group.attribute_integer("checksum"), FileError, group.place(), ": the checksum does not fit; the file is damaged");
  for (size_t i = 0; i < weights.size(); ++i) {
    std::ranges::copy(weights[i].value.values(), i < parameters.size() ? parameters[i]->value.data() : states[i - parameters.size()]->value.data());
  }
}

KerasGraph graph_of(const Model& model) {
  KerasGraph graph;
  graph.name = "model";
  for (const Model::Entry& entry : model.entries()) {
    KerasNode node{.class_name = "InputLayer", .name = entry.name, .config = {}, .inputs = {}};
    if (entry.layer == nullptr) {
      Json shape = Json::array({nullptr});
      for (const int64_t d : entry.shape.dims()) shape.push_back(d);
      node.config = Node::from_json({{"batch_input_shape", shape}, {"dtype", "float32"}, {"sparse", false}, {"ragged", false}, {"name", entry.name}}, "model");
    } else {
      node.class_name = entry.layer->class_name();
      node.config = Node::from_json(entry.layer->config(), "model");
      for (const int i : entry.inputs) node.inputs.push_back(model.entry(i).name);
    }
    graph.nodes.push_back(std::move(node));
  }
  for (const int i : model.inputs()) graph.inputs.push_back(model.entry(i).name);
  for (const int i : model.outputs()) graph.outputs.push_back(model.entry(i).name);
  return graph;
}

Model build(const KerasFile& file, const LayerDefaults& defaults) {
  const KerasGraph graph = keras_graph(file.model_config);
  Model::Options options{.input_shapes = {}, .outputs = graph.outputs, .defaults = defaults, .build = {.initialize = false}, .keras_keys = true};
  std::vector<LayerSpec> specs;
  for (const KerasNode& node : graph.nodes) {
    LayerSpec spec{.kind = node.class_name, .arguments = node.config, .inputs = node.inputs};
    if (node.class_name == "InputLayer") {
      std::vector<int64_t> dims;
      const Node* const shape = node.config.find("batch_input_shape");
      if (shape != nullptr && shape->is_list()) {
        for (size_t d = 1; d < shape->items().size(); ++d) dims.push_back(decimal_integer(shape->items()[d]).value_or(-1));
      }
      HGQ_CHECK(!dims.empty() && std::ranges::all_of(dims, [](int64_t d) { return d > 0; }), FileError, file.path, ": input '", node.name,
                "' has no fixed shape (batch_input_shape)");
      spec = Input(node.name, Shape(dims));
    }
    HGQ_CHECK(node.class_name != "Functional" && node.class_name != "Sequential", FileError, file.path, ": '", node.name,
              "' is a model inside the model; nested models can not be read yet");
    specs.push_back(std::move(spec));
  }
  ErrorList errors;
  Model model = Model::make(specs, options, errors);
  if (!errors.empty()) {
    std::string text = concat(file.path, ": the model can not be built");
    for (const std::string& message : errors.messages()) text += "\n  " + message;
    throw FileError(text);
  }
  return model;
}

void copy_keras_weights(const KerasFile& file, const Model& model) {
  for (const Model::Entry& entry : model.entries()) {
    if (entry.layer == nullptr) continue;
    for (const LayerWeight& weight : entry.layer->file_weights()) {
      const std::string leaf = weight.file_name.substr(weight.file_name.rfind('/') + 1);
      const KerasWeight* const found = file.find(entry.name, leaf.substr(0, leaf.find(':')));
      HGQ_CHECK(found != nullptr, FileError, file.path, ": layer '", entry.name, "' has no weight '", leaf, "'");
      Tensor& to = weight.parameter != nullptr ? weight.parameter->value : weight.state->value;
      HGQ_CHECK(found->shape == to.shape() || found->shape.size() == to.size(), FileError, file.path, ": weight '", weight.file_name, "' has shape ",
                found->shape, ", expected ", to.shape());
      std::ranges::copy(found->floats(), to.data());
    }
    entry.layer->after_loading();
  }
}

}  // namespace

void save_model(Model& model, const std::string& path, const WriteGroup& write_hgq) {
  KerasFile file;
  file.model_config = keras_functional(graph_of(model));
  for (const Model::Entry& entry : model.entries()) {
    KerasLayerWeights& layer = file.layers.emplace_back();
    layer.layer = entry.name;
    if (entry.layer == nullptr) continue;
    for (const LayerWeight& weight : entry.layer->file_weights()) {
      const Tensor& value = weight.parameter != nullptr ? weight.parameter->value : weight.state->value;
      const std::vector<float> stored = entry.layer->value_for_python(weight);
      layer.weights.push_back(KerasWeight::of_floats(weight.file_name, value.shape(), stored.empty() ? std::vector<float>(value.values().begin(), value.values().end()) : stored));
    }
  }
  write_keras_file(file, path, [&](h5::Group& hgq) {
    write_weights(hgq, model);
    if (write_hgq) write_hgq(hgq);
  });
}

Model load_model(const std::string& path, const ReadGroup& read_hgq, const LayerDefaults& defaults) {
  const KerasFile file = read_keras_file(path);
  Model model = build(file, defaults);
  const h5::File raw = h5::File::open(path);
  if (raw.has("hgq") && raw.group("hgq").has("weights")) {
    read_weights(raw.group("hgq"), model);
  } else {
    copy_keras_weights(file, model);
  }
  if (raw.has("hgq") && read_hgq) read_hgq(raw.group("hgq"));
  return model;
}

}  // namespace hgq
