#include "model_build.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"

namespace hgq::golden {
namespace {

using nlohmann::json;

LayerSpec spec_of(const json& layer, const std::string& before) {
  LayerSpec spec;
  spec.kind = layer.at("type").get<std::string>();
  json keys = layer.at("args");
  keys["name"] = layer.at("name");
  if (spec.kind.front() == 'H') {
    keys["beta"] = layer.at("beta");
    keys["paq_conf"] = layer.at("paq");
  }
  if (layer.contains("kq")) {
    keys["kq_conf"] = layer.at("kq");
    keys["do_adapt_kernel_bits"] = layer.at("do_adapt_kernel_bits");
  }
  spec.arguments = Node::from_json(keys, "golden");
  spec.inputs = layer.contains("from") ? layer.at("from").get<std::vector<std::string>>() : std::vector{before};
  return spec;
}

/// Where a parameter or state of this name keeps its values; empty where there is none.
std::span<float> storage(const Model& model, const std::string& name) {
  for (Parameter* const p : model.parameters()) {
    if (p->name == name) return p->value.values();
  }
  for (State* const s : model.states()) {
    if (s->name == name) return s->value.values();
  }
  return {};
}

void set_values(const GoldenCase& c, const Model& model) {
  for (const auto& [dataset, value] : c.data) {
    if (!dataset.starts_with("params/")) continue;
    const std::string name = dataset.substr(7);
    const std::span<float> to = storage(model, name);
    HGQ_CHECK(to.size() == value.values().size(), FileError, c.family, "/", c.name, ": ", dataset, " has ",
              value.size(), " values, the model's ", name, " ", to.size());
    std::ranges::copy(value.values(), to.begin());
  }
  for (const Parameter* const p : model.parameters()) {
    HGQ_CHECK(c.has("params/" + p->name), FileError, c.family, "/", c.name, ": has no values for the model's ",
              p->name);
  }
}

}  // namespace

QuantizerConfig quantizer_config(const json& keys) {
  ErrorList errors;
  const Node node = Node::from_json(keys, "golden");
  QuantizerConfig config = QuantizerConfig::from_node(node, QuantizerConfig::kernel_default(), "quantizer", errors);
  errors.throw_if_any();
  return config;
}

Model build_model(const GoldenCase& c) {
  auto functions = std::make_shared<FunctionTable>();
  functions->add({"cube_minus_x", [](double x) { return x * x * x - x; },
                  [](double x, double /*y*/) { return 3.0 * x * x - 1.0; }});
  std::vector<LayerSpec> specs;
  for (const json& input : c.json().at("inputs")) {
    specs.push_back(Input(input.at("name").get<std::string>(), Shape(input.at("shape").get<std::vector<int64_t>>())));
  }
  std::string before = c.json().at("inputs").front().at("name").get<std::string>();
  for (const json& layer : c.json().at("layers")) {
    specs.push_back(spec_of(layer, before));
    before = layer.at("name").get<std::string>();
  }
  Model::Options options;
  options.defaults.functions = functions;
  ErrorList errors;
  Model model = Model::make(specs, options, errors);
  errors.throw_if_any();
  set_values(c, model);
  return model;
}

std::vector<std::string> layer_types(const GoldenCase& c) {
  std::vector<std::string> types;
  if (!c.json().contains("layers")) return types;
  for (const json& layer : c.json().at("layers")) types.push_back(layer.at("type").get<std::string>());
  return types;
}

void add_values(const Model& model, const std::string& prefix, Tensors& into) {
  for (const Parameter* const p : model.parameters()) into.insert_or_assign(prefix + "/" + p->name, p->value.clone());
  for (const State* const s : model.states()) into.insert_or_assign(prefix + "/" + s->name, s->value.clone());
}

}  // namespace hgq::golden
