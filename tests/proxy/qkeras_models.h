// Small models of QKeras, as Keras would save them, for the tests of their conversion.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hgq/deploy/files.h"
#include "hgq/proxy/qkeras/convert.h"
#include "proxy_test_support.h"

namespace hgq {

using nlohmann::json;

inline json layer(const std::string& class_name, const std::string& name, json config = json::object()) {
  config["name"] = name;
  return {{"class_name", class_name}, {"config", config}};
}

/// A Sequential model that reads 2 values.
inline KerasFile sequential(json layers, std::vector<KerasLayerWeights> weights) {
  layers.insert(layers.begin(), layer("InputLayer", "x", {{"batch_input_shape", {nullptr, 2}}}));
  const json model{{"class_name", "Sequential"}, {"config", {{"name", "m"}, {"layers", layers}}}};
  return {"q.h5", Node::from_json(model, "q.h5, model_config"), std::move(weights)};
}

inline KerasLayerWeights dense_weights(const std::string& name, std::vector<float> kernel, std::vector<float> bias) {
  const Shape shape{2, std::ssize(bias)};
  const Shape units{std::ssize(bias)};
  return {name,
          {KerasWeight::of_floats(name + "/kernel:0", shape, std::move(kernel)),
           KerasWeight::of_floats(name + "/bias:0", units, std::move(bias))}};
}

inline json quantizer(const std::string& name = "q") {
  return layer("QActivation", name, {{"activation", "quantized_bits(6,2,alpha=1)"}});
}

inline json dense(const std::string& name, int units, const std::string& activation = "linear") {
  return layer("QDense", name,
               {{"units", units},
                {"activation", activation},
                {"kernel_quantizer", "quantized_bits(4,1,alpha=1)"},
                {"bias_quantizer", "quantized_bits(4,1,alpha=1)"}});
}

inline std::string errors_of(const KerasFile& file) {
  return message_of<ConfigError>([&] { qkeras_to_proxy(file); });
}

inline std::vector<std::string> names_of(const ProxyModel& proxy) {
  std::vector<std::string> names;
  for (const ProxyModel::Entry& entry : proxy.layers())
    names.push_back(concat(entry.layer->class_name(), " ", entry.layer->name()));
  return names;
}

inline json placed(json layer, const std::vector<std::string>& parents) {
  json call = json::array();
  for (const std::string& parent : parents) call.push_back({parent, 0, 0, json::object()});
  layer["name"] = layer["config"]["name"];
  layer["inbound_nodes"] = parents.empty() ? json::array() : json::array({call});
  return layer;
}

inline json functional(const std::string& name, const json& layers, const json& inputs, const std::string& output) {
  return {
      {"class_name", "Functional"},
      {"name", name},
      {"config", {{"name", name}, {"layers", layers}, {"input_layers", inputs}, {"output_layers", {{output, 0, 0}}}}}};
}

inline json input_layer(const std::string& name) {
  return placed(layer("InputLayer", name, {{"batch_input_shape", {nullptr, 2}}}), {});
}

}  // namespace hgq
