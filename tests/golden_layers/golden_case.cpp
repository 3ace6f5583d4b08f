#include "golden_case.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/data/h5.h"

namespace hgq::golden {
namespace {

using nlohmann::json;

// Configs leave out what has its default: a map with `init_bw` is a quantizer, one with type and name a layer.
json filled(const json& value, const json& quantizer, const json& layer) {
  if (value.is_array()) {
    json list = json::array();
    for (const json& item : value) list.push_back(filled(item, quantizer, layer));
    return list;
  }
  if (!value.is_object()) return value;
  json map = json::object();
  if (value.contains("init_bw")) {
    map = quantizer;
  } else if (value.contains("type") && value.contains("name")) {
    map = layer;
  }
  for (const auto& [key, item] : value.items()) map[key] = filled(item, quantizer, layer);
  return map;
}

void read_all(const h5::Group& group, const std::string& prefix, std::map<std::string, Tensor>& data) {
  for (const std::string& name : group.names()) {
    if (group.is_group(name)) {
      read_all(group.group(name), prefix + name + "/", data);
    } else {
      data.emplace(prefix + name, group.read_floats(name));
    }
  }
}

Shape without_ones_in_front(Shape shape) {
  while (shape.rank() > 0 && shape[0] == 1) shape = shape.without_front();
  return shape;
}

std::string index_of(int64_t element, const Shape& shape) {
  std::string text = "]";
  for (int d = shape.rank() - 1; d >= 0; --d) {
    text = concat(d > 0 ? ", " : "", element % shape[d], text);
    element /= shape[d];
  }
  return "[" + text;
}

double largest(std::span<const float> values) {
  double result = 0;
  for (const float v : values) {
    if (std::isfinite(v)) result = std::max(result, std::abs(static_cast<double>(v)));
  }
  return result;
}

}  // namespace

const Tensor& GoldenCase::at(const std::string& path) const {
  const auto found = data.find(path);
  HGQ_CHECK(found != data.end(), FileError, family, "/", name, ": there is no dataset ", path);
  return found->second;
}

GoldenFile::GoldenFile(const std::string& folder, std::string family)
    : family_(std::move(family)),
      file_(h5::File::open(folder + "/" + family_ + ".h5")),
      defaults_(file_.has_attribute("defaults") ? json::parse(file_.attribute_string("defaults")) : json::object()) {}

GoldenCase GoldenFile::read(const std::string& name) const {
  const h5::Group group = file_.group(name);
  GoldenCase c;
  c.family = family_;
  c.name = name;
  c.config = filled(json::parse(group.attribute_string("config")), defaults_.value("quantizer", json::object()),
                    defaults_.value("layer", json::object()));
  read_all(group, "", c.data);
  return c;
}

Comparison::Comparison(const GoldenCase& c, std::span<const std::string> prefixes, RuleFor rule)
    : case_(c), rule_(std::move(rule)) {
  for (const auto& [name, values] : c.data) {
    if (std::ranges::any_of(prefixes, [&n = name](const std::string& p) { return n.starts_with(p); }))
      met_[name] = false;
  }
}

void Comparison::add(const std::string& dataset, const Shape& shape, std::span<const float> values) {
  const auto met = met_.find(dataset);
  if (met == met_.end()) return;
  met->second = true;
  const Tensor& want = case_.at(dataset);
  if (!(without_ones_in_front(shape) == without_ones_in_front(want.shape()))) {
    lines_.push_back(concat(dataset, ": shape ", shape, ", expected ", want.shape()));
    return;
  }
  const Rule rule = rule_(dataset);
  const double allowed = rule.exact ? 0 : rule.tolerance * std::max(largest(want.values()), rule.floor);
  int64_t first = -1;
  int64_t count = 0;
  for (int64_t i = 0; i < want.size(); ++i) {
    const float a = values[static_cast<size_t>(i)];
    const float b = want.data()[i];
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    const double off = std::abs(static_cast<double>(a) - static_cast<double>(b));
    if (off <= allowed) continue;  // false for NaN
    if (first < 0) first = i;
    ++count;
  }
  if (first < 0) return;
  lines_.push_back(concat(dataset, " ", index_of(first, want.shape()), ": got ", values[static_cast<size_t>(first)],
                          ", expected ", want.data()[first], " (",
                          rule.exact ? std::string("bit-equal") : concat("within ", allowed), "; ", count, " of ",
                          want.size(), " differ)"));
}

void Comparison::add(const std::string& dataset, double scalar) {
  const auto value = static_cast<float>(scalar);
  add(dataset, Shape{}, {&value, 1});
}

void Comparison::expect(bool fact, const std::string& message) {
  if (!fact) lines_.push_back(message);
}

std::vector<std::string> Comparison::differences() const {
  std::vector<std::string> lines = lines_;
  for (const auto& [name, met] : met_) {
    if (!met) lines.push_back(name + ": was not computed");
  }
  return lines;
}

json named(const json& typed) {
  if (!typed.is_object()) return typed;
  json arguments = json::object();
  for (const auto& [key, value] : typed.items()) {
    if (key != "type") arguments[key] = named(value);
  }
  return {{typed.at("type").get<std::string>(), arguments}};
}

QuantizerConfig quantizer_config(const json& config) {
  ErrorList errors;
  const Node node = Node::from_json(config, "golden");
  const QuantizerConfig result =
      QuantizerConfig::from_node(node, QuantizerConfig::kernel_default(), "quantizer", errors);
  errors.throw_if_any();
  return result;
}

bool trains_with_power(const json& config) {
  if (config.is_object() && config.contains("exact_q_value") && !config["exact_q_value"].get<bool>()) return true;
  if (!config.is_structured()) return false;
  return std::ranges::any_of(config, [](const json& item) { return trains_with_power(item); });
}

Model make_model(const GoldenCase& c) {
  std::vector<LayerSpec> specs;
  for (const json& input : c.config.at("inputs"))
    specs.push_back(Input(input.at("name"), Shape(input.at("shape").get<std::vector<int64_t>>())));
  bool first = true;
  for (const json& layer : c.config.at("layers")) {
    const std::string type = layer.at("type");
    json arguments = layer.at("args");
    arguments["name"] = layer.at("name");
    if (layer.contains("kq")) {
      arguments["kq_conf"] = layer["kq"];
      arguments["do_adapt_kernel_bits"] = layer.at("do_adapt_kernel_bits");
    }
    if (layer.contains("paq")) {
      arguments["paq_conf"] = layer["paq"];
      arguments["beta"] = layer.at("beta");
    }
    LayerSpec spec{.kind = type,
                   .arguments = Node::from_json(arguments, "golden"),
                   .inputs = layer.value("from", std::vector<std::string>{})};
    if (first && spec.inputs.empty()) spec.inputs.push_back(c.config.at("inputs").at(0).at("name"));
    first = false;
    specs.push_back(std::move(spec));
  }
  auto functions = std::make_shared<FunctionTable>();
  functions->add(
      {"cube_minus_x", [](double x) { return x * x * x - x; }, [](double x, double) { return 3 * x * x - 1; }});
  Model::Options options;
  options.defaults.functions = functions;
  ErrorList errors;
  Model model = Model::make(specs, options, errors);
  errors.throw_if_any();
  set_values(model, c);
  return model;
}

void set_values(Model& model, const GoldenCase& c) {
  model.reset_records();
  for (const auto& [path, values] : c.data) {
    if (!path.starts_with("params/")) continue;
    const std::string name = path.substr(7);
    Parameter* const parameter = find_parameter(model, name);
    State* const state = find_state(model, name);
    HGQ_CHECK(parameter != nullptr || state != nullptr, Error, "the model has no ", name);
    Tensor& target = parameter != nullptr ? parameter->value : state->value;
    HGQ_CHECK(target.size() == values.size(), Error, name, " has shape ", target.shape(), ", the golden one ",
              values.shape());
    std::ranges::copy(values.values(), target.values().begin());
  }
}

Parameter* find_parameter(const Model& model, const std::string& name) {
  const std::vector<Parameter*> all = model.parameters();
  const auto found = std::ranges::find(all, name, &Parameter::name);
  return found == all.end() ? nullptr : *found;
}

State* find_state(const Model& model, const std::string& name) {
  const std::vector<State*> all = model.states();
  const auto found = std::ranges::find(all, name, &State::name);
  return found == all.end() ? nullptr : *found;
}

}  // namespace hgq::golden
