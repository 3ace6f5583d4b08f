// Every weight and every value of a layer, as CSV.
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <variant>

#include "hgq/core/error.h"
#include "hgq/core/fixed_point.h"
#include "hgq/core/printable.h"
#include "hgq/deploy/convert.h"
#include "hgq/deploy/files.h"
#include "hgq/deploy/match.h"
#include "hgq/deploy/trained_model.h"
#include "hgq/layers/kernel_layer.h"
#include "hgq/report/network_summary.h"
#include "hgq/report/run_proxy.h"

namespace hgq::report {
namespace {

constexpr const char* kHeader = "part,index,value,bits,type\n";

/// The smallest type that holds the number alone.
Kbi type_of_number(float v) {
  if (v == 0) return {};
  const int high = highest_set_bit(v);
  const int fraction = -lowest_set_bit(v);
  const bool power = high == -fraction;
  // -2^n is the least number of a type whose sign has this weight.
  const int integers = v > 0 ? high + 1 : power ? high + 1 : high + 2;
  return {.k = v < 0 ? 1 : 0, .b = integers + fraction, .i = integers};
}

/// "2 0 5" for an element of an array of this shape.
std::string index_text(const Shape& shape, int64_t element) {
  std::string text;
  for (int d = shape.rank() - 1; d >= 0; --d) {
    text = fmt::format("{}{}{}", element % shape[d], text.empty() ? "" : " ", text);
    element /= shape[d];
  }
  return text;
}

void add_numbers(const char* part, const Shape& shape, std::span<const float> values, std::string& csv) {
  for (size_t e = 0; e < values.size(); ++e) {
    csv += fmt::format("{},{},{},{},\"{}\"\n", part, index_text(shape, static_cast<int64_t>(e)), values[e],
                       significant_bits(values[e]), type_text(type_of_number(values[e])));
  }
}

void add_types(const Shape& shape, const std::vector<Kbi>& types, std::string& csv) {
  for (size_t e = 0; e < types.size(); ++e) {
    csv += fmt::format("output,{},,{},\"{}\"\n", index_text(shape, static_cast<int64_t>(e)), types[e].b,
                       type_text(types[e]));
  }
}

std::string unknown_layer(const std::string& path, const std::string& layer, const std::vector<std::string>& names) {
  std::string text = concat(path, ": has no layer '", printable(layer), "'; its layers are ");
  for (size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "'" : ", '") + printable(names[i]) + "'";
  return text;
}

std::string of_model(const std::string& path, const std::string& name, const Registry& registry) {
  const LoadedModel loaded = load_model_with_extras(path, registry);
  const std::vector<Model::Entry>& entries = loaded.model.entries();
  const auto found = std::ranges::find(entries, name, &Model::Entry::name);
  if (found == entries.end()) {
    std::vector<std::string> names;
    for (const Model::Entry& entry : entries) names.push_back(entry.name);
    throw ConfigError(unknown_layer(path, name, names));
  }
  std::string csv = kHeader;
  if (auto* const layer = dynamic_cast<KernelLayer*>(found->layer.get())) {
    const KernelLayer::Weights weights = layer->evaluated_weights();
    add_numbers("kernel", weights.kernel.shape(), weights.kernel.values(), csv);
    add_numbers("bias", weights.bias.shape(), weights.bias.values(), csv);
  }
  if (!loaded.model.is_traced()) return csv;
  const ProxyModel proxy = to_proxy_model(loaded.model);
  const ProxyMatch match(loaded.model, proxy);
  for (const int i : match.layers_of(static_cast<size_t>(found - entries.begin()))) {
    if (const ProxyQuantizer* const quantizer = proxy.layer(i).as_quantizer()) {
      add_types(found->shape, quantizer->types_of_elements(found->shape), csv);
      break;
    }
  }
  return csv;
}

std::string of_proxy(const std::string& path, const ProxyModel& proxy, const std::string& name) {
  std::vector<std::string> names;
  for (const ProxyModel::Entry& entry : proxy.layers()) names.push_back(entry.layer->name());
  const auto found = std::ranges::find(names, name);
  HGQ_CHECK(found != names.end(), ConfigError, unknown_layer(path, name, names));
  const int index = static_cast<int>(found - names.begin());
  const ProxyLayer& layer = proxy.layer(index);
  std::string csv = kHeader;
  if (const ProxyQuantizer* const quantizer = layer.as_quantizer()) {
    const Shape shape = plan_layers(proxy)[static_cast<size_t>(index)].out.shape;
    add_types(shape, quantizer->types_of_elements(shape), csv);
    return csv;
  }
  for (const KerasWeight& weight : layer.weights(proxy.only_child(index))) {
    if (!weight.is_int8()) add_numbers(std::string(weight.leaf()).c_str(), weight.shape, weight.floats(), csv);
  }
  return csv;
}

}  // namespace

std::string elements_csv(const std::string& path, const std::string& layer, const Registry& registry) {
  if (const auto proxy = load_if_proxy(path, registry)) return of_proxy(path, *proxy, layer);
  return of_model(path, layer, registry);
}

}  // namespace hgq::report
