#include "hgq/report/network_summary.h"

#include <algorithm>
#include <map>
#include <span>
#include <variant>

#include "hgq/core/error.h"
#include "hgq/core/fixed_point.h"
#include "hgq/deploy/convert.h"
#include "hgq/deploy/files.h"
#include "hgq/deploy/match.h"
#include "hgq/deploy/trained_model.h"
#include "hgq/report/run_files.h"
#include "hgq/report/run_proxy.h"

namespace hgq::report {
namespace {

template <typename T>
BitCounts count_bits(std::span<const T> bits) {
  BitCounts counts;
  for (const T b : bits) {
    ++counts.count;
    if (b == 0) ++counts.zeros;
    counts.total += static_cast<double>(b);
    counts.most = std::max(counts.most, static_cast<int>(b));
  }
  return counts;
}

/// Adds the circuit of the proxy to the summary, or why there is none. Returns what each layer of the proxy takes.
std::vector<rtl::LayerEstimate> add_circuit(ProxyModel proxy, double bops, const SummaryOptions& options,
                                            Workers& workers, NetworkSummary& summary) {
  if (bops > options.most_bops_to_estimate) {
    summary.no_circuit = "LUTs are not estimated, as that takes long for a network of so many BOPs: --luts does it";
    return {};
  }
  CircuitOrReason circuit = circuit_facts_if_any(std::move(proxy), workers,
                                                 {.softmax = RtlSoftmax::kLogits, .stage_delay = options.stage_delay});
  summary.circuit = std::move(circuit.facts);
  if (!summary.circuit)
    summary.no_circuit = concat("LUTs are not estimated, as there is no RTL of this network: ", circuit.reason);
  return summary.circuit ? summary.circuit->layers : std::vector<rtl::LayerEstimate>{};
}

void add_estimate(const rtl::LayerEstimate& estimate, SummaryLayer& layer) {
  layer.luts = layer.luts.value_or(0) + estimate.luts;
  layer.adders = layer.adders.value_or(0) + estimate.adders;
}

int64_t parameter_count(Layer& layer) {
  int64_t count = 0;
  for (const Parameter* const p : layer.parameters()) count += p->value.size();
  return count;
}

/// Whether a weight holds bit widths: Python HGQ gives their names the ending _bw.
bool is_bit_width(const LayerWeight& weight) { return weight.file_name.ends_with("_bw:0"); }

int64_t bit_width_count(Layer& layer) {
  int64_t count = 0;
  for (const LayerWeight& weight : layer.file_weights()) {
    if (weight.parameter != nullptr && is_bit_width(weight)) count += weight.parameter->value.size();
  }
  return count;
}

/// Types and circuit of what the layers of a model have become.
void add_proxy(const Model& model, const NetworkFacts& network, const SummaryOptions& options, Workers& workers,
               NetworkSummary& summary) {
  std::optional<ProxyModel> proxy;
  try {
    proxy.emplace(to_proxy_model(model));
  } catch (const ConfigError& e) {
    summary.no_circuit = concat("there are no types and no RTL, as the model has no proxy: ", e.what());
    return;
  }
  const ProxyMatch match(model, *proxy);
  std::map<std::string, size_t> lines;  // by layer of the proxy
  for (size_t i = 0; i < proxy->layers().size(); ++i) {
    if (match.owner(i) >= 0) lines[proxy->layer(static_cast<int>(i)).name()] = static_cast<size_t>(match.owner(i));
  }
  for (size_t e = 0; e < summary.layers.size(); ++e) {
    for (const int i : match.layers_of(e)) {  // the last first
      const ProxyQuantizer* const quantizer = proxy->layer(i).as_quantizer();
      if (quantizer == nullptr) continue;
      summary.layers[e].types = type_counts(quantizer->types_of_elements(summary.layers[e].shape));
      break;
    }
  }
  double bops = 0;
  for (const LayerFacts& layer : network.layers) bops += layer.bops.value_or(0);
  for (const rtl::LayerEstimate& estimate : add_circuit(std::move(*proxy), bops, options, workers, summary)) {
    const auto line = lines.find(estimate.layer);
    if (line != lines.end()) add_estimate(estimate, summary.layers[line->second]);
  }
}

NetworkSummary summary_of_model(const std::string& path, const Registry& registry, Workers& workers,
                                const SummaryOptions& options) {
  const LoadedModel loaded = load_model_with_extras(path, registry);
  const NetworkFacts network = network_facts(loaded, path);
  NetworkSummary summary{.file = path, .is_traced = loaded.model.is_traced(), .scaling = network.scaling};
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const LayerFacts& facts = network.layers[i];
    SummaryLayer layer{.name = facts.name, .kind = facts.kind, .shape = facts.shape};
    const Model::Entry& entry = loaded.model.entries()[i];
    if (entry.layer != nullptr && entry.is_first_call()) {
      layer.parameters = parameter_count(*entry.layer);
      layer.bit_widths = bit_width_count(*entry.layer);
    }
    if (!facts.kernel_bits.empty()) layer.weights = count_bits<int>(facts.kernel_bits);
    if (!facts.activation_bits.empty()) layer.values = count_bits<float>(facts.activation_bits);
    layer.bops = facts.bops;
    summary.layers.push_back(std::move(layer));
  }
  if (summary.is_traced) {
    add_proxy(loaded.model, network, options, workers, summary);
  } else {
    summary.no_circuit = "no ranges: run trace to see bits and BOPs";
  }
  std::erase_if(summary.layers, [](const SummaryLayer& layer) { return layer.kind == "Input"; });
  return summary;
}

/// The bits of each weight times those of the value that it is multiplied with.
double product_bits(const ProductOperation& product, const std::vector<int>& kernel_bits, const ProxySignal& input) {
  const auto inputs = static_cast<size_t>(product.inputs);
  const auto units = static_cast<size_t>(product.units);
  std::vector<double> row_bits(inputs, 0);
  for (size_t w = 0; w < kernel_bits.size(); ++w) row_bits[w / units] += kernel_bits[w];
  double total = 0;
  for (size_t s = 0; s < product.source.size(); ++s) {
    const int64_t source = product.source[s];
    if (source < 0 || !input.fixed_point()) continue;
    const auto e = static_cast<size_t>(source);
    total += row_bits[s % inputs] * std::max(mantissa_bits(input.low[e]), mantissa_bits(input.high[e]));
  }
  return total;
}

NetworkSummary summary_of_proxy(const std::string& path, ProxyModel proxy, const ModelExtras& extras,
                                const SummaryOptions& options, Workers& workers) {
  NetworkSummary summary{.file = path, .is_proxy = true};
  for (size_t i = 0; i < std::min(proxy.inputs().size(), extras.scaling.size()); ++i) {
    if (!extras.scaling[i].empty())
      summary.scaling.emplace_back(proxy.layer(proxy.inputs()[i]).name(), extras.scaling[i]);
  }
  const std::vector<ProxyPlan> plans = plan_layers(proxy);
  double bops = 0;
  for (size_t i = 0; i < plans.size(); ++i) {
    const int index = static_cast<int>(i);
    const ProxyLayer& layer = proxy.layer(index);
    SummaryLayer line{.name = layer.name(), .kind = std::string(layer.class_name()), .shape = plans[i].out.shape};
    if (line.kind.starts_with("HGQ>")) line.kind.erase(0, 4);
    for (const KerasWeight& weight : layer.weights(proxy.only_child(index))) {
      if (!weight.is_int8()) line.parameters += weight.shape.size();
    }
    if (const auto* const product = std::get_if<ProductOperation>(&plans[i].operation)) {
      std::vector<int> bits;
      for (const float w : product->kernel) bits.push_back(significant_bits(w));
      line.weights = count_bits<int>(bits);
      bops += product_bits(*product, bits, plans[static_cast<size_t>(proxy.layers()[i].parents.at(0))].out);
    }
    if (const ProxyQuantizer* const quantizer = layer.as_quantizer()) {
      const std::vector<Kbi> types = quantizer->types_of_elements(line.shape);
      std::vector<int> bits;
      for (const Kbi& type : types) bits.push_back(type.b);
      line.values = count_bits<int>(bits);
      line.types = type_counts(types);
    }
    summary.layers.push_back(std::move(line));
  }
  for (const rtl::LayerEstimate& estimate : add_circuit(std::move(proxy), bops, options, workers, summary)) {
    const auto line = std::ranges::find(summary.layers, estimate.layer, &SummaryLayer::name);
    if (line != summary.layers.end()) add_estimate(estimate, *line);
  }
  return summary;
}

}  // namespace

NetworkSummary summarize(const std::string& path, const Registry& registry, Workers& workers,
                         const SummaryOptions& options) {
  ModelExtras extras;
  const ReadGroup read = [&](const h5::Group& hgq) { extras = read_extras(hgq, registry); };
  if (auto proxy = load_if_proxy(path, registry, read))
    return summary_of_proxy(path, std::move(*proxy), extras, options, workers);
  return summary_of_model(path, registry, workers, options);
}

}  // namespace hgq::report
