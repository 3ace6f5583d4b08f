// The network of a model file: layers, bits of weights and values, BOPs.
#include <algorithm>

#include "hgq/core/error.h"
#include "hgq/core/fixed_point.h"
#include "hgq/deploy/trained_model.h"
#include "hgq/layers/kernel_layer.h"
#include "hgq/report/run_files.h"

namespace hgq::report {
namespace {

/// The bits of the kernel as in the exact BOPs (quantization.md 2.4); none if the weights are not finite.
void add_kernel(Layer& layer, LayerFacts& facts) {
  auto* const with_kernel = dynamic_cast<KernelLayer*>(&layer);
  if (with_kernel == nullptr) return;
  try {
    const KernelLayer::Weights weights = with_kernel->evaluated_weights();
    facts.kernel_shape = weights.kernel.shape();
    facts.bias_count = weights.bias.size();
    for (const float v : weights.kernel.values()) facts.kernel_bits.push_back(significant_bits(v));
  } catch (const ConfigError&) {  // a training that went astray: the summary tells it
    facts.kernel_bits.clear();
  }
}

LayerFacts facts_of(const Model& model, size_t index) {
  const Model::Entry& entry = model.entries()[index];
  LayerFacts facts;
  facts.name = entry.name;
  facts.kind = entry.layer == nullptr ? "Input" : std::string(entry.layer->kind());
  facts.shape = entry.shape;
  facts.reads = entry.inputs;
  facts.is_output = std::ranges::find(model.outputs(), static_cast<int>(index)) != model.outputs().end();
  facts.is_first_call = entry.is_first_call();
  facts.quantizes = entry.layer != nullptr && entry.layer->output_quantizer() != nullptr;
  if (entry.layer != nullptr) add_kernel(*entry.layer, facts);
  return facts;
}

/// Exact bits and BOPs, which a model has once its ranges are traced.
void add_exact(const Model& model, std::vector<LayerFacts>& layers) {
  if (!model.is_traced()) return;
  std::vector<ExactBops> bops;
  std::vector<ExactSignal> signals;
  try {
    signals = model.exact_signals(bops);
  } catch (const ConfigError&) {  // bit widths that no hardware has: the summary tells it
    return;
  }
  for (size_t i = 0; i < signals.size(); ++i) layers[i].activation_bits = signals[i].bits;
  for (LayerFacts& layer : layers) {
    const auto found = std::ranges::find(bops, layer.name, &ExactBops::layer);
    if (found != bops.end()) layer.bops = found->bops;
  }
}

}  // namespace

NetworkFacts read_network(const std::string& path, const Registry& registry) {
  return network_facts(load_model_with_extras(path, registry), path);
}

NetworkFacts network_facts(const LoadedModel& loaded, const std::string& path) {
  NetworkFacts network;
  network.file = path.substr(path.rfind('/') + 1);
  for (size_t i = 0; i < loaded.model.entries().size(); ++i) network.layers.push_back(facts_of(loaded.model, i));
  add_exact(loaded.model, network.layers);
  const std::vector<std::string> inputs = input_names(loaded.model);
  for (size_t i = 0; i < std::min(inputs.size(), loaded.extras.scaling.size()); ++i) {
    if (!loaded.extras.scaling[i].empty()) network.scaling.emplace_back(inputs[i], loaded.extras.scaling[i]);
  }
  const std::vector<std::string> outputs = output_names(loaded.model);
  for (size_t o = 0; o < std::min(outputs.size(), loaded.extras.classes.size()); ++o) {
    if (!loaded.extras.classes[o].empty()) network.classes.emplace_back(outputs[o], loaded.extras.classes[o]);
  }
  return network;
}

}  // namespace hgq::report
