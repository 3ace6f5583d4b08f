#include "hgq/layers/hgq_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "hgq/core/error.h"
#include "hgq/core/finite.h"
#include "hgq/core/shell_word.h"
#include "hgq/data/keras_activation.h"
#include "hgq/data/keras_classes.h"
#include "hgq/layers/kinds.h"
#include "hgq/proxy/proxy_file.h"
#include "hgq/proxy/qkeras/layer_classes.h"

namespace hgq {
namespace {

using Json = nlohmann::json;

constexpr int64_t kFormat = 1;  // of the group hgq

std::vector<NamedTensor> all_weights(const Model& model) {
  std::vector<NamedTensor> all;
  for (const Parameter* const p : model.parameters()) all.push_back({p->name, p->value.clone()});
  for (const State* const s : model.states()) all.push_back({s->name, s->value.clone()});
  return all;
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
  std::vector<std::string> own_beta;
  for (const Layer* const layer : model.layers()) {
    if (layer->has_own_beta()) own_beta.push_back(layer->name());
  }
  hgq.set_attribute("own_beta", own_beta);
  hgq.set_attribute("format", kFormat);
}

bool has_own_weights(const h5::File& file) { return file.is_group("hgq") && file.group("hgq").is_group("weights"); }

void read_weights(const h5::Group& hgq, const Model& model) {
  const int64_t format = hgq.attribute_integer("format");
  HGQ_CHECK(format == kFormat, FileError, hgq.place(), ": has format ", format, ", this program reads ", kFormat,
            "; it was written by a newer one");
  const h5::Group group = hgq.group("weights");
  const Json names = Json::parse(group.attribute_string("names"), nullptr, false);
  const std::vector<Parameter*> parameters = model.parameters();
  const std::vector<State*> states = model.states();
  HGQ_CHECK(names.is_array() && names.size() == parameters.size() + states.size(), FileError, group.place(),
            ": does not hold the ", parameters.size() + states.size(), " weights of its model");
  std::vector<NamedTensor> weights;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string& name = i < parameters.size() ? parameters[i]->name : states[i - parameters.size()]->name;
    const Shape& shape =
        i < parameters.size() ? parameters[i]->value.shape() : states[i - parameters.size()]->value.shape();
    const h5::DatasetInfo info = group.info(concat(i));
    HGQ_CHECK(names[i].is_string() && names[i].get<std::string>() == name && info.shape == shape, FileError,
              group.place(), ": expected '", name, "' of shape ", shape, ", found ", names[i].dump(), " of shape ",
              info.shape);
    weights.push_back({name, group.read_floats(concat(i))});
    // Ranges are infinite where nothing is recorded.
    const bool is_state = i >= parameters.size();
    HGQ_CHECK(std::ranges::all_of(weights.back().value.values(),
                                  [&](float v) { return std::isfinite(v) || (is_state && !std::isnan(v)); }),
              FileError, group.place(), ": '", name, "' holds values that are not finite");
  }
  for (size_t i = 0; i < weights.size(); ++i) {
    std::ranges::copy(weights[i].value.values(), i < parameters.size() ? parameters[i]->value.data()
                                                                       : states[i - parameters.size()]->value.data());
  }
}

/// First calls of layers in the order in which Keras pairs layers with weights: that of the deepest call.
std::vector<int> file_order(const Model& model) {
  std::vector<std::vector<int>> parents;
  for (const Model::Entry& entry : model.entries()) parents.push_back(entry.inputs);
  std::vector<int> order;
  for (const int call : keras_order(parents, model.inputs(), model.outputs())) {
    const Model::Entry& entry = model.entry(call);
    const int first = entry.is_first_call() ? call : entry.first_call;
    if (std::ranges::find(order, first) == order.end()) order.push_back(first);
  }
  return order;
}

/// The layers stand in the order of the model, so that it is the same model when it is read; only the weights need
/// Keras' order.
KerasGraph graph_of(const Model& model) {
  KerasGraph graph;
  graph.name = "model";
  for (const Model::Entry& entry : model.entries()) {
    KerasNode node{.class_name = "InputLayer", .name = entry.name, .config = {}, .inputs = {}};
    if (entry.layer == nullptr) {
      Json shape = Json::array({nullptr});
      for (const int64_t d : entry.shape.dims()) shape.push_back(d);
      node.config = Node::from_json({{"batch_input_shape", shape},
                                     {"dtype", "float32"},
                                     {"sparse", false},
                                     {"ragged", false},
                                     {"name", entry.name}},
                                    "model");
    } else {
      node.class_name = entry.layer->class_name();
      node.config = Node::from_json(entry.layer->config(), "model");
      for (const int i : entry.inputs) node.inputs.push_back(model.entry(i).name);
      if (!entry.is_first_call()) node.shared_with = model.entry(entry.first_call).name;
      if (entry.proxy_name != entry.name) node.proxy_name = entry.proxy_name;
    }
    graph.nodes.push_back(std::move(node));
  }
  for (const int i : model.inputs()) graph.inputs.push_back(model.entry(i).name);
  for (const int i : model.outputs()) graph.outputs.push_back(model.entry(i).name);
  return graph;
}

LayerSpec input_spec(const KerasFile& file, const KerasNode& node, bool nested) {
  std::vector<int64_t> dims;
  const Node& shape = node.config["batch_input_shape"];
  for (size_t d = 1; d < shape.items().size(); ++d) dims.push_back(decimal_integer(shape.items()[d]).value_or(-1));
  const bool is_fixed = !dims.empty() && std::ranges::all_of(dims, [](int64_t d) { return d > 0; });
  HGQ_CHECK(is_fixed || nested, FileError, file.path, ": input '", node.name,
            "' has no fixed shape (batch_input_shape)");
  return Input(node.name, is_fixed ? Shape(dims) : Shape());
}

/// A weight of the layer at `path` ("dense", "block/dense"): a nested model's weights lie flat in the group of the
/// outermost one, under the names of their layers; some of Python HGQ ("beta:0") have none.
const KerasWeight* find_weight(const KerasFile& file, const std::string& path, std::string_view leaf) {
  const size_t slash = path.find('/');
  if (slash == std::string::npos) return file.find(path, leaf);
  const KerasLayerWeights* const group = file.find(path.substr(0, slash));
  if (group == nullptr) return nullptr;
  for (size_t from = slash + 1;; from = path.find('/', from) + 1) {  // the longest end of the path that fits
    const std::string wanted = concat(path.substr(from), "/", leaf, ":0");
    for (const KerasWeight& weight : group->weights) {
      if (weight.name == wanted || weight.name.ends_with("/" + wanted)) return &weight;
    }
    if (path.find('/', from) == std::string::npos) break;
  }
  const KerasWeight* found = nullptr;
  for (const KerasWeight& weight : group->weights) {
    if (weight.name != concat(leaf, ":0")) continue;
    if (found != nullptr) return nullptr;
    found = &weight;
  }
  return found;
}

/// A saved model as specs.
class SpecReader {
 public:
  /// `own_beta`: layers whose beta is their own; nullopt: all that have one, as nothing else is known.
  SpecReader(const KerasFile& file, const std::optional<std::set<std::string>>& own_beta, ImportedLayers& imported)
      : file_(file), own_beta_(own_beta), imported_(imported) {}

  /// `path`: of the nested model whose graph this is, "block/"; empty for the model itself.
  std::vector<LayerSpec> read(const KerasGraph& graph, const std::string& path = "") const {
    std::vector<LayerSpec> specs;
    for (const std::string& input : graph.inputs) {  // in the order in which they are given
      const auto node = std::ranges::find(graph.nodes, input, &KerasNode::name);
      HGQ_CHECK(node != graph.nodes.end() && node->class_name == "InputLayer", FileError, file_.path, ": '", input,
                "' is listed as an input, but is a ", node == graph.nodes.end() ? "model's output" : node->class_name);
      specs.push_back(input_spec(file_, *node, !path.empty()));
    }
    for (const KerasNode& node : graph.nodes) {
      if (node.class_name != "InputLayer") specs.push_back(layer(node, path));
    }
    return specs;
  }

 private:
  LayerSpec layer(const KerasNode& node, const std::string& path) const {
    if (!node.shared_with.empty()) {
      LayerSpec spec = Shared(node.shared_with).name(node.name).from(node.inputs);
      spec.proxy_name = node.proxy_name;
      return spec;
    }
    if (is_nested_model(node.class_name)) {
      const KerasGraph inside = nested_graph(node);
      return NestedModel(node.name, read(inside, path + node.name + "/"), inside.outputs).from(node.inputs);
    }
    LayerSpec spec{.kind = node.class_name, .arguments = node.config, .inputs = node.inputs};
    spec.proxy_name = node.proxy_name;
    if (own_beta_ && !own_beta_->contains(node.name)) spec.arguments.erase("beta");
    if (node.class_name.ends_with("BatchNorm")) {  // Python HGQ does not save these two; they follow from what there is
      const auto follows_from = [&](const char* key, const char* weight) {
        if (node.config.find(key) == nullptr)
          spec.arguments.set(key, Node::boolean(find_weight(file_, path + node.name, weight) != nullptr));
      };
      follows_from("center", "moving_mean");
      follows_from("scale", "moving_variance");
    }
    if (const Node* const written = node.config.find("activation")) {
      Node activation = plain_activation(*written);
      // A layer with a kernel takes names alone; HActivation has its own words on functions of Python.
      if (activation.is_map() && !node.class_name.ends_with("HActivation")) {
        Node name = Node::string(keras_function_name(activation));
        name.set_place(written->place());
        activation = std::move(name);
      }
      spec.arguments.set("activation", std::move(activation));
    }
    imported_.complete(spec);
    return spec;
  }

  const KerasFile& file_;
  const std::optional<std::set<std::string>>& own_beta_;
  ImportedLayers& imported_;
};

/// Twice the values that a file has, and some for weights that Python HGQ does not store.
int64_t values_in(const KerasFile& file) {
  int64_t values = 1 << 16;
  for (const KerasLayerWeights& layer : file.layers) {
    for (const KerasWeight& weight : layer.weights) values += 2 * weight.shape.size();
  }
  return std::min(values, BuildOptions().most_values);
}

Model build(const KerasFile& file, const std::optional<std::set<std::string>>& own_beta, const LayerDefaults& defaults,
            ImportedLayers& imported) {
  const KerasGraph graph = keras_graph(file.model_config);
  const std::vector<LayerSpec> specs = SpecReader(file, own_beta, imported).read(graph);
  imported.check_all_taken(file.path);
  ErrorList errors;
  Model model = Model::make(specs,
                            {.input_shapes = {},
                             .outputs = graph.outputs,
                             .defaults = defaults,
                             .build = {.initialize = false, .most_values = values_in(file)},
                             .keras_keys = true},
                            errors);
  if (!errors.empty()) {
    std::string text = concat(file.path, ": the model cannot be built");
    for (const std::string& message : errors.messages()) text += "\n  " + message;
    throw FileError(text);
  }
  return model;
}

std::string left_out_note(const std::vector<std::string>& left_out) {
  constexpr size_t kMostListed = 10;
  std::string list;
  for (size_t i = 0; i < std::min(left_out.size(), kMostListed); ++i) list += concat(i == 0 ? "" : ", ", left_out[i]);
  if (left_out.size() > kMostListed) list += concat(" and ", left_out.size() - kMostListed, " more");
  return concat("left out, as they are code of Python that only training on would use: ", list);
}

/// What the user should know of a model that was read, if anybody asks.
void add_notes(const ImportedLayers& imported, std::vector<std::string>* notes) {
  if (notes == nullptr) return;
  if (!imported.guessed_epsilon().empty()) {
    const std::vector<std::string> layers(imported.guessed_epsilon().begin(), imported.guessed_epsilon().end());
    notes->push_back(concat("the file does not say the epsilon of ", join_names(layers),
                            "; 0.001, Keras' default, is taken (--epsilon gives another)"));
  }
  if (!imported.left_out().empty()) notes->push_back(left_out_note(imported.left_out()));
}

void copy_keras_weights(const KerasFile& file, const Model& model) {
  for (const Model::Entry& entry : model.entries()) {
    if (entry.layer == nullptr || !entry.is_first_call()) continue;
    for (const LayerWeight& weight : entry.layer->file_weights()) {
      if (weight.tensor() == nullptr) continue;
      const std::string leaf = weight.file_name.substr(weight.file_name.rfind('/') + 1);
      const KerasWeight* const found = find_weight(file, entry.path, leaf.substr(0, leaf.find(':')));
      HGQ_CHECK(found != nullptr, FileError, file.path, ": layer '", entry.path, "' has no weight '", leaf, "'");
      Tensor& to = *weight.tensor();
      HGQ_CHECK(found->shape == to.shape() || found->shape.size() == to.size(), FileError, file.path, ": weight '",
                weight.file_name, "' has shape ", found->shape, ", expected ", to.shape());
      HGQ_CHECK(all_finite(found->floats()), FileError, file.path, ": weight '", weight.file_name,
                "' holds values that are not finite");
      std::ranges::copy(found->floats(), to.data());
    }
    entry.layer->after_loading();
  }
}

}  // namespace

h5::File make_model_file(const Model& model, const std::string& path, const WriteGroup& write_hgq) {
  KerasFile file;
  file.model_config = keras_functional(graph_of(model));
  for (const int index : file_order(model)) {
    const Model::Entry& entry = model.entry(index);
    KerasLayerWeights& layer = file.layers.emplace_back();
    layer.layer = entry.name;
    if (entry.layer == nullptr) continue;
    for (const LayerWeight& weight : entry.layer->file_weights()) {
      const Tensor* const value = weight.tensor();
      std::vector<float> stored = entry.layer->value_for_python(weight);
      if (value == nullptr) {
        stored = {weight.scalar};
      } else if (stored.empty()) {
        stored.assign(value->values().begin(), value->values().end());
      }
      layer.weights.push_back(
          KerasWeight::of_floats(weight.file_name, value == nullptr ? Shape{} : value->shape(), std::move(stored)));
    }
  }
  return make_keras_file(file, path, [&](h5::Group& hgq) {
    write_weights(hgq, model);
    if (write_hgq) write_hgq(hgq);
  });
}

void save_model(const Model& model, const std::string& path, const WriteGroup& write_hgq) {
  make_model_file(model, path, write_hgq).flush();
}

Model model_from_keras(const KerasFile& file, const LayerDefaults& defaults, const ImportOptions& import,
                       std::vector<std::string>* notes) {
  ImportedLayers imported(import);
  Model model = build(file, std::nullopt, defaults, imported);
  add_notes(imported, notes);
  copy_keras_weights(file, model);
  return model;
}

Model load_model(const std::string& path, const ReadGroup& read_hgq, const LayerDefaults& defaults,
                 const ImportOptions& import, std::vector<std::string>* notes) {
  const KerasFile file = read_keras_file(path);
  HGQ_CHECK(!is_qkeras(file), FileError, path,
            ": is a model of QKeras, of which a proxy can be made: hgq-train import ", shell_word(path),
            " --out proxy.h5");
  HGQ_CHECK(
      !is_proxy(file), FileError, path,
      ": is a proxy, expected a model (model.h5, which the proxy was made of); 'predict' and 'verify' read a proxy");
  expect_known_layers(file, kinds_of(defaults), kinds_of(defaults).layers.names());
  HGQ_CHECK(!is_plain_keras(file, kinds_of(defaults).layers.names()), FileError, path,
            ": is a model of Keras without layers of HGQ, of which a proxy can be made if quantizers are given: "
            "hgq-train import ",
            shell_word(path),
            " --input-bits 'ap_fixed<16,6>' --out proxy.h5; to train it quantized, write its layers into a config");
  const auto load = [&](const h5::File& raw) {
    const bool ours = has_own_weights(raw);
    std::optional<std::set<std::string>> own_beta;
    if (ours) {
      const std::vector<std::string> names = raw.group("hgq").attribute_strings("own_beta");
      own_beta.emplace(names.begin(), names.end());
    }
    ImportedLayers imported(import);
    Model model = build(file, own_beta, defaults, imported);
    add_notes(imported, notes);
    if (ours) {
      read_weights(raw.group("hgq"), model);
    } else {
      copy_keras_weights(file, model);
    }
    if (raw.is_group("hgq") && read_hgq) read_hgq(raw.group("hgq"));
    return model;
  };
  return load(h5::File::open(path, [&](const h5::File& tried) { load(tried); }));
}

}  // namespace hgq
