#include "hgq/apps/model_extras.h"

#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/layers/proxy/names.h"

namespace hgq {
namespace {

using Json = nlohmann::json;

Json arrays_to_json(const std::vector<NamedArray>& arrays) {
  Json json = Json::array();
  for (const NamedArray& a : arrays) json.push_back({{"layer", a.name}, {"names", a.array.names}});
  return json;
}

std::vector<NamedArray> arrays_from_json(const Json& json) {
  std::vector<NamedArray> arrays;
  for (const Json& a : json) {
    NamedArray array{a.at("layer").get<std::string>(), {}};
    array.array.names = a.at("names").get<std::vector<std::string>>();
    arrays.push_back(std::move(array));
  }
  return arrays;
}

}  // namespace

ModelExtras extras_of_proxy(ModelExtras extras) {
  for (NamedArray& input : extras.inputs) {
    if (!input.name.empty()) input.name = proxy_layer_name(input.name);
  }
  return extras;
}

void write_extras(h5::Group& hgq, const ModelExtras& extras) {
  Json json;
  json["scaling"] = Json::array();
  for (const Scaling& s : extras.scaling) json["scaling"].push_back({{"offset", s.offset}, {"divisor", s.divisor}});
  json["classes"] = Json::array();
  for (const ClassMap& c : extras.classes) json["classes"].push_back({{"names", c.names}, {"values", c.values}});
  json["inputs"] = arrays_to_json(extras.inputs);
  json["targets"] = arrays_to_json(extras.targets);
  json["losses"] = Json::array();
  for (const Loss& loss : extras.objective.losses)
    json["losses"].push_back({{"name", loss.name()}, {"delta", loss.delta}});
  json["weights"] = extras.objective.weights;
  json["metrics"] = Json::array();
  for (const Metric& m : extras.objective.metrics) json["metrics"].push_back(m.name);
  for (const Metric& m : extras.objective.weighted_metrics) json["weighted_metrics"].push_back(m.name);
  hgq.set_attribute("extras", json.dump());
}

ModelExtras read_extras(const h5::Group& hgq) {
  ModelExtras extras;
  if (!hgq.has_attribute("extras")) return extras;
  try {
    const Json json = Json::parse(hgq.attribute_string("extras"));
    for (const Json& s : json.at("scaling"))
      extras.scaling.push_back({s.at("offset").get<std::vector<double>>(), s.at("divisor").get<std::vector<double>>()});
    for (const Json& c : json.at("classes"))
      extras.classes.push_back(
          {c.at("names").get<std::vector<std::string>>(), c.at("values").get<std::vector<double>>()});
    extras.inputs = arrays_from_json(json.at("inputs"));
    extras.targets = arrays_from_json(json.at("targets"));
    ErrorList errors;
    for (const Json& l : json.at("losses")) {
      Loss loss = Loss::from_node(Node::scalar(l.at("name").get<std::string>()), errors);
      loss.delta = l.at("delta").get<double>();
      extras.objective.losses.push_back(loss);
    }
    extras.objective.weights = json.at("weights").get<std::vector<double>>();
    for (const Json& m : json.at("metrics"))
      extras.objective.metrics.push_back(Metric::from_node(Node::scalar(m.get<std::string>()), errors));
    for (const Json& m : json.value("weighted_metrics", Json::array()))
      extras.objective.weighted_metrics.push_back(Metric::from_node(Node::scalar(m.get<std::string>()), errors));
    errors.throw_if_any();
    const size_t losses = extras.objective.losses.size();
    HGQ_CHECK(extras.objective.weights.empty() || extras.objective.weights.size() == losses, FileError, hgq.place(),
              ": attribute 'extras' has ", extras.objective.weights.size(), " weights of ", losses, " losses");
  } catch (const Json::exception& e) {
    throw FileError(concat(hgq.place(), ": attribute 'extras' is damaged: ", json_reason(e.what())));
  }
  return extras;
}

}  // namespace hgq
