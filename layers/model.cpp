#include "hgq/layers/model.h"

#include <algorithm>
#include <exception>
#include <new>

#include "hgq/core/error.h"
#include "hgq/layers/kinds.h"
#include "hgq/layers/model_maker.h"

namespace hgq {
namespace {

/// Checks the keys of all layers, those of nested models included.
void check_keys(const LayerGraph& graph, const LayerKinds& kinds, const Model::Options& options, ErrorList& errors) {
  for (const LayerNode& layer : graph.layers) {
    if (layer.inside != nullptr) check_keys(*layer.inside, kinds, options, errors);
    if (is_structure(layer.spec.kind) || kinds.layers.find(layer.spec.kind) == nullptr) continue;
    make_layer(layer.spec.kind, {layer.spec.arguments, options.defaults, errors, nullptr, layer.spec.function},
               options.keras_keys);
  }
}

/// What the layer's call() gives. Whatever goes wrong in a layer of a program's own is told with the layer.
Signal recorded(const Model::Entry& entry, Recording& recording, const std::vector<Signal>& inputs) {
  const auto where = [&] { return concat("layer '", entry.name, "' (", entry.layer->kind(), ")"); };
  try {
    Signal signal = entry.layer->call(recording, inputs);
    HGQ_CHECK(signal.value.valid(), ConfigError, where(), ": its call() gave no value");
    return signal;
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& e) {
    throw ConfigError(concat(where(), ": its call() failed: ", e.what()));
  }
}

}  // namespace

Model Model::make(std::span<const LayerSpec> specs, const Options& options, ErrorList& errors) {
  const LayerKinds& kinds = kinds_of(options.defaults);
  const LayerGraph graph =
      arrange_layers(specs, {.outputs = options.outputs, .kinds = &kinds, .from_keras = options.keras_keys}, errors);
  if (graph.is_valid) return make(graph, options, errors);
  check_keys(graph, kinds, options, errors);
  return {};
}

Model Model::make(const LayerGraph& graph, const Options& options, ErrorList& errors) {
  const std::size_t before = errors.size();
  ModelMaker maker(graph, options, errors);
  maker.run();
  Model model;
  if (errors.size() > before) return model;
  model.entries_ = std::move(maker.entries);
  model.inputs_ = std::move(maker.inputs);
  model.outputs_ = std::move(maker.outputs);
  return model;
}

Layer* Model::find(const std::string& name) const {
  const auto found = std::ranges::find(entries_, name, &Entry::name);
  return found == entries_.end() ? nullptr : found->layer.get();
}

ModelRecording Model::record(Tape& tape, Mode mode, bool input_gradients) {
  ModelRecording result;
  Recording recording{.tape = tape, .mode = mode, .bops = {}};
  for (const Entry& entry : entries_) {
    if (entry.layer == nullptr) {
      const Var input = tape.input(entry.name, entry.shape, input_gradients);
      result.inputs.push_back(input);
      result.signals.push_back({input, {}});
      continue;
    }
    std::vector<Signal> inputs;
    for (const int i : entry.inputs) inputs.push_back(result.signals[static_cast<size_t>(i)]);
    recording.first_call = entry.is_first_call();
    tape.set_layer(entry.name);
    const size_t before = recording.bops.size();
    result.signals.push_back(recorded(entry, recording, inputs));
    for (size_t b = before; b < recording.bops.size(); ++b) recording.bops[b].layer = entry.name;
  }
  tape.set_layer("");
  for (const int i : outputs_) result.outputs.push_back(result.signals[static_cast<size_t>(i)]);
  result.bops = std::move(recording.bops);
  return result;
}

std::vector<Layer*> Model::layers() const {
  std::vector<Layer*> all;
  for (const Entry& e : entries_) {
    if (e.layer != nullptr && e.is_first_call()) all.push_back(e.layer.get());
  }
  return all;
}

std::vector<Parameter*> Model::parameters() const {
  std::vector<Parameter*> all;
  for (Layer* const layer : layers()) {
    for (Parameter* const p : layer->parameters()) all.push_back(p);
  }
  return all;
}

std::vector<State*> Model::states() const {
  std::vector<State*> all;
  for (Layer* const layer : layers()) {
    for (State* const s : layer->states()) all.push_back(s);
  }
  return all;
}

void Model::set_beta(double beta) {
  for (Layer* const layer : layers()) {
    if (layer->beta() != nullptr && !layer->has_own_beta()) layer->beta()->value.fill(static_cast<float>(beta));
  }
}

double Model::beta() const {
  for (Layer* const layer : layers()) {
    if (layer->beta() != nullptr && !layer->has_own_beta())
      return static_cast<double>(layer->beta()->value.values()[0]);
  }
  return 0;
}

void Model::reset_records() {
  for (Layer* const layer : layers()) {
    if (layer->output_quantizer() != nullptr) layer->output_quantizer()->reset_record();
  }
}

bool Model::is_traced() const {
  return std::ranges::all_of(entries_, [](const Entry& e) {
    return e.layer == nullptr || e.layer->output_quantizer() == nullptr || e.layer->output_quantizer()->has_record();
  });
}

std::vector<std::string> Model::what_cannot_be_exported(const ProxyOptions& options) const {
  std::vector<std::string> reasons;
  for (const Entry& e : entries_) {
    if (e.layer != nullptr && !e.layer->why_no_proxy(options).empty())
      reasons.push_back(e.layer->why_no_proxy(options));
  }
  return reasons;
}

std::vector<ExactSignal> Model::exact_signals(std::vector<ExactBops>& bops) const {
  std::vector<ExactSignal> signals;
  for (const Entry& entry : entries_) {
    if (entry.layer == nullptr) {
      signals.push_back({entry.shape, {}});
      continue;
    }
    std::vector<ExactSignal> inputs;
    for (const int i : entry.inputs) inputs.push_back(signals[static_cast<size_t>(i)]);
    const size_t before = bops.size();
    signals.push_back(entry.layer->exact(inputs, bops));
    for (size_t b = before; b < bops.size(); ++b) bops[b].layer = entry.name;
  }
  return signals;
}

std::vector<ExactBops> Model::exact_bops() const {
  std::vector<ExactBops> bops;
  exact_signals(bops);
  return bops;
}

Model Sequential(std::initializer_list<LayerSpec> layers, const Shape& input, const BuildOptions& options) {
  ErrorList errors;
  Model model = Model::make(std::span<const LayerSpec>(layers.begin(), layers.size()),
                            {.input_shapes = {{"input_1", input}}, .outputs = {}, .build = options}, errors);
  errors.throw_if_any();
  return model;
}

Model Graph(std::span<const LayerSpec> layers, const BuildOptions& options, std::vector<std::string> outputs) {
  ErrorList errors;
  Model model = Model::make(layers, {.input_shapes = {}, .outputs = std::move(outputs), .build = options}, errors);
  errors.throw_if_any();
  return model;
}

}  // namespace hgq
