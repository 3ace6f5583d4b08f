#include "hgq/deploy/model_extras.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "hgq/core/error.h"
#include "hgq/proxy/names.h"

namespace hgq {
namespace {

using Json = nlohmann::json;

Json arrays_to_json(const std::vector<NamedArray>& arrays) {
  Json json = Json::array();
  for (const NamedArray& a : arrays) {
    json.push_back({{"layer", a.name}, {"names", a.array.names}});
    if (!a.array.file.empty()) json.back()["file"] = a.array.file;
  }
  return json;
}

std::vector<NamedArray> arrays_from_json(const Json& json) {
  std::vector<NamedArray> arrays;
  for (const Json& a : json) {
    NamedArray array{a.at("layer").get<std::string>(), {}};
    array.array.names = a.at("names").get<std::vector<std::string>>();
    array.array.file = a.value("file", "");
    arrays.push_back(std::move(array));
  }
  return arrays;
}

Json scaling_to_json(const std::vector<Scaling>& scaling) {
  Json json = Json::array();
  for (const Scaling& s : scaling) json.push_back({{"offset", s.offset}, {"divisor", s.divisor}});
  return json;
}

std::vector<Scaling> scaling_from_json(const Json& json) {
  std::vector<Scaling> scaling;
  for (const Json& s : json)
    scaling.push_back({s.at("offset").get<std::vector<double>>(), s.at("divisor").get<std::vector<double>>()});
  return scaling;
}

/// The keys of data.csv that were given.
Json csv_to_json(const CsvOptions& csv) {
  Json json = Json::object();
  if (csv.separator) json["separator"] = std::string(1, *csv.separator);
  if (csv.header) json["header"] = *csv.header;
  if (csv.comment) json["comment"] = *csv.comment;
  if (csv.missing == CsvMissing::kDrop) json["missing"] = "drop";
  return json;
}

CsvOptions csv_from_json(const Json& json) {
  CsvOptions csv;
  const std::string separator = json.value("separator", "");
  if (!separator.empty()) csv.separator = separator[0];
  if (json.contains("header")) csv.header = json.at("header").get<bool>();
  if (json.contains("comment")) csv.comment = json.at("comment").get<std::string>();
  if (json.value("missing", "") == "drop") csv.missing = CsvMissing::kDrop;
  return csv;
}

/// The values are in the names, exactly, and in `values`, as far as float64 goes.
ClassMap classes_from_json(const Json& json) {
  ClassMap classes{json.at("names").get<std::vector<std::string>>(), {}};
  const auto values = json.at("values").get<std::vector<double>>();
  for (size_t i = 0; i < values.size(); ++i) {
    const std::optional<Label> exact = i < classes.names.size() ? label_of(classes.names[i]) : std::nullopt;
    classes.values.push_back(exact.value_or(static_cast<Label>(values[i])));
  }
  return classes;
}

/// {name, delta, arguments}. Version 0.1.0 wrote the delta of huber so, and asks for one with every loss.
Json loss_to_json(const Loss& loss) {
  const bool huber = loss.name() == "huber";
  Json arguments = loss.arguments();
  Json json{{"name", loss.name()}, {"delta", huber ? arguments.at("delta") : Json(1.0)}};
  if (!huber && !arguments.empty()) json["arguments"] = std::move(arguments);
  return json;
}

/// {NAME: {arguments}}
Node loss_node(const Json& json, const std::string& place) {
  const auto name = json.at("name").get<std::string>();
  Json arguments = json.value("arguments", Json::object());
  if (name == "huber") arguments["delta"] = json.at("delta");
  return Node::from_json({{name, std::move(arguments)}}, place);
}

Json metric_to_json(const Metric& metric) {
  Json arguments = metric.arguments();
  if (arguments.empty()) return metric.name();
  return {{metric.name(), std::move(arguments)}};
}

Json metrics_to_json(const std::vector<MetricPtr>& metrics) {
  Json json = Json::array();
  for (const MetricPtr& metric : metrics) json.push_back(metric_to_json(*metric));
  return json;
}

std::vector<MetricPtr> metrics_from_json(const Json& json, const std::string& place, const TrainingKinds& kinds,
                                         ErrorList& errors) {
  std::vector<MetricPtr> metrics;
  for (const Json& m : json) metrics.push_back(make_metric(Node::from_json(m, place), kinds.metrics, errors));
  return metrics;
}

/// The keys of the metrics of single outputs, and their lists, one for each output.
constexpr const char* kOutputMetrics = "output_metrics";
constexpr const char* kWeightedOutputMetrics = "weighted_output_metrics";

void write_objective(const Objective& objective, Json& json) {
  json["losses"] = Json::array();
  for (const LossPtr& loss : objective.losses) json["losses"].push_back(loss_to_json(*loss));
  json["weights"] = objective.weights;
  json["metrics"] = metrics_to_json(objective.metrics);
  if (!objective.weighted_metrics.empty()) json["weighted_metrics"] = metrics_to_json(objective.weighted_metrics);
  for (const auto& list : objective.output_metrics) json[kOutputMetrics].push_back(metrics_to_json(list));
  for (const auto& list : objective.weighted_output_metrics)
    json[kWeightedOutputMetrics].push_back(metrics_to_json(list));
}

Objective read_objective(const Json& json, const std::string& place, const TrainingKinds& kinds, ErrorList& errors) {
  Objective objective;
  for (const Json& l : json.at("losses"))
    objective.losses.push_back(make_loss(loss_node(l, place), kinds.losses, errors));
  objective.weights = json.at("weights").get<std::vector<double>>();
  objective.metrics = metrics_from_json(json.at("metrics"), place, kinds, errors);
  objective.weighted_metrics = metrics_from_json(json.value("weighted_metrics", Json::array()), place, kinds, errors);
  for (const Json& list : json.value(kOutputMetrics, Json::array()))
    objective.output_metrics.push_back(metrics_from_json(list, place, kinds, errors));
  for (const Json& list : json.value(kWeightedOutputMetrics, Json::array()))
    objective.weighted_output_metrics.push_back(metrics_from_json(list, place, kinds, errors));
  return objective;
}

}  // namespace

void take_data_options(const DataConfig& data, ModelExtras& extras) {
  extras.csv = data.csv;
  extras.inputs = data.train.inputs;
  extras.targets = data.train.targets;
  std::set<std::string> files;
  for (std::vector<NamedArray>* arrays : {&extras.inputs, &extras.targets}) {
    for (NamedArray& named : *arrays) {
      std::string& file = named.array.file;
      file = std::filesystem::absolute(file.empty() ? data.train.file : file).lexically_normal().string();
      files.insert(file);
    }
  }
  // The files are told apart by their names and folders; where they lie is nobody else's business.
  for (std::vector<NamedArray>* arrays : {&extras.inputs, &extras.targets}) {
    for (NamedArray& named : *arrays) {
      const std::filesystem::path path = named.array.file;
      const bool one_file = files.size() < 2 && !named.array.names.empty();
      named.array.file = one_file ? "" : (path.parent_path().filename() / path.filename()).string();
    }
  }
}

void take_target_scaling(std::vector<Scaling> scaling, ModelExtras& extras) {
  if (std::ranges::all_of(scaling, [](const Scaling& s) { return s.empty(); })) scaling.clear();
  extras.objective.target_scaling = scaling;
  extras.target_scaling = std::move(scaling);
}

ModelExtras extras_of_proxy(ModelExtras extras) {
  for (NamedArray& input : extras.inputs) {
    if (!input.name.empty()) input.name = proxy_layer_name(input.name);
  }
  return extras;
}

void write_extras(h5::Group& hgq, const ModelExtras& extras) {
  Json json;
  json["scaling"] = scaling_to_json(extras.scaling);
  if (!extras.target_scaling.empty()) json["target_scaling"] = scaling_to_json(extras.target_scaling);
  if (!extras.folded_scaling.empty()) json["folded_scaling"] = scaling_to_json(extras.folded_scaling);
  if (!extras.output_functions.empty()) json["output_functions"] = extras.output_functions;
  json["classes"] = Json::array();
  for (const ClassMap& c : extras.classes) {
    // The names hold the labels exactly, which a JSON number cannot; the values are for readers of other versions.
    const std::vector<double> values(c.values.begin(), c.values.end());
    json["classes"].push_back({{"names", c.names}, {"values", values}});
  }
  json["inputs"] = arrays_to_json(extras.inputs);
  json["targets"] = arrays_to_json(extras.targets);
  if (const Json csv = csv_to_json(extras.csv); !csv.empty()) json["csv"] = csv;
  if (!extras.objective_text.empty()) {
    json.update(Json::parse(extras.objective_text));
    hgq.set_attribute("extras", json.dump());
    return;
  }
  write_objective(extras.objective, json);
  hgq.set_attribute("extras", json.dump());
}

ModelExtras read_extras(const h5::Group& hgq, const TrainingKinds& kinds) {
  ModelExtras extras;
  if (!hgq.has_attribute("extras")) return extras;
  try {
    const Json json = Json::parse(hgq.attribute_string("extras"));
    extras.scaling = scaling_from_json(json.at("scaling"));
    extras.target_scaling = scaling_from_json(json.value("target_scaling", Json::array()));
    extras.folded_scaling = scaling_from_json(json.value("folded_scaling", Json::array()));
    extras.output_functions = json.value("output_functions", std::vector<std::string>{});
    for (const Json& c : json.at("classes")) extras.classes.push_back(classes_from_json(c));
    extras.inputs = arrays_from_json(json.at("inputs"));
    extras.targets = arrays_from_json(json.at("targets"));
    if (json.contains("csv")) extras.csv = csv_from_json(json.at("csv"));
    ErrorList errors;
    extras.objective = read_objective(json, hgq.place(), kinds, errors);
    extras.objective.target_scaling = extras.target_scaling;
    if (!errors.empty()) {
      extras.objective = {};
      extras.unknown_objective = errors.messages().front();
      Json objective;
      for (const char* const key :
           {"losses", "weights", "metrics", "weighted_metrics", kOutputMetrics, kWeightedOutputMetrics}) {
        if (json.contains(key)) objective[key] = json.at(key);
      }
      extras.objective_text = objective.dump();
      return extras;
    }
    const size_t losses = extras.objective.losses.size();
    HGQ_CHECK(extras.objective.weights.empty() || extras.objective.weights.size() == losses, FileError, hgq.place(),
              ": attribute 'extras' has ", extras.objective.weights.size(), " weights of ", losses, " losses");
  } catch (const Json::exception& e) {
    throw FileError(concat(hgq.place(), ": attribute 'extras' is damaged: ", json_reason(e.what())));
  }
  return extras;
}

}  // namespace hgq
