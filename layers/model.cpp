#include "hgq/layers/model.h"

#include <algorithm>

#include "hgq/core/error.h"
#include "hgq/layers/model_maker.h"

namespace hgq {
namespace {

LayerSpec spec(const std::string& kind) { return AnyLayer(kind); }

Node list_of(const std::vector<int64_t>& values) {
  std::vector<Node> items;
  for (const int64_t v : values) items.push_back(Node::scalar(concat(v)));
  return Node::list(std::move(items));
}

/// Layers from which no output can be reached.
std::vector<int> layers_without_effect(const Model& model) {
  std::vector<bool> needed(model.entries().size(), false);
  for (const int output : model.outputs()) needed[static_cast<size_t>(output)] = true;
  std::vector<int> idle;
  for (int i = static_cast<int>(needed.size()) - 1; i >= 0; --i) {
    const Model::Entry& entry = model.entry(i);
    if (!needed[static_cast<size_t>(i)]) {
      if (entry.layer != nullptr) idle.insert(idle.begin(), i);
      continue;
    }
    for (const int input : entry.inputs) needed[static_cast<size_t>(input)] = true;
  }
  return idle;
}

/// A convolution (filters > 0) or pooling.
LayerSpec windowed(const char* kind, const char* key, const std::vector<int64_t>& size, int64_t filters = 0) {
  LayerSpec s = spec(kind);
  if (filters > 0) s.set("filters", concat(filters));
  s.arguments.set(key, list_of(size));
  return s;
}

}  // namespace

LayerSpec& LayerSpec::relu() { return set("activation", "relu"); }
LayerSpec& LayerSpec::name(const std::string& value) {
  arguments.set("name", Node::scalar(value, true));
  return *this;
}
LayerSpec& LayerSpec::beta(double value) {
  arguments.set("beta", Node::scalar(concat(value)));
  return *this;
}
LayerSpec& LayerSpec::from(std::vector<std::string> names) {
  inputs = std::move(names);
  return *this;
}
LayerSpec& LayerSpec::set(const std::string& key, const std::string& yaml) {
  ErrorList errors;
  arguments.set(key, Node::from_yaml(yaml, concat(kind, ".", key), errors));
  errors.throw_if_any();
  return *this;
}

LayerSpec AnyLayer(const std::string& kind) { return {.kind = kind, .arguments = Node::map({}), .inputs = {}}; }

LayerSpec Input(const std::string& name, const Shape& shape) {
  LayerSpec s = spec("Input");
  s.name(name);
  if (shape.rank() > 0) s.arguments.set("shape", list_of({shape.dims().begin(), shape.dims().end()}));
  return s;
}
LayerSpec Shared(const std::string& layer) {
  LayerSpec s = spec("Shared");
  s.arguments.set("layer", Node::string(layer));
  return s;
}
LayerSpec NestedModel(const std::string& name, std::vector<LayerSpec> layers, std::vector<std::string> outputs) {
  LayerSpec s = spec("NestedModel").name(name);
  s.layers = std::move(layers);
  s.outputs = std::move(outputs);
  return s;
}
LayerSpec HQuantize() { return spec("HQuantize"); }
LayerSpec HDense(int64_t units) { return spec("HDense").set("units", concat(units)); }
LayerSpec HDenseBatchNorm(int64_t units) { return spec("HDenseBatchNorm").set("units", concat(units)); }
LayerSpec HConv1D(int64_t filters, int64_t kernel_size) {
  return windowed("HConv1D", "kernel_size", {kernel_size}, filters);
}
LayerSpec HConv1DBatchNorm(int64_t filters, int64_t kernel_size) {
  return windowed("HConv1DBatchNorm", "kernel_size", {kernel_size}, filters);
}
LayerSpec HConv2D(int64_t filters, const std::vector<int64_t>& kernel_size) {
  return windowed("HConv2D", "kernel_size", kernel_size, filters);
}
LayerSpec HConv2DBatchNorm(int64_t filters, const std::vector<int64_t>& kernel_size) {
  return windowed("HConv2DBatchNorm", "kernel_size", kernel_size, filters);
}
LayerSpec PMaxPooling1D(int64_t pool_size) { return windowed("PMaxPooling1D", "pool_size", {pool_size}); }
LayerSpec PAveragePooling1D(int64_t pool_size) { return windowed("PAveragePooling1D", "pool_size", {pool_size}); }
LayerSpec PMaxPooling2D(const std::vector<int64_t>& pool_size) {
  return windowed("PMaxPooling2D", "pool_size", pool_size);
}
LayerSpec PAveragePooling2D(const std::vector<int64_t>& pool_size) {
  return windowed("PAveragePooling2D", "pool_size", pool_size);
}
LayerSpec HActivation(const std::string& function) {
  LayerSpec s = spec("HActivation");
  s.arguments.set("activation", Node::string(function));
  return s;
}
LayerSpec HActivation(ops::UnaryFunction function) {
  LayerSpec s = HActivation(function.name);
  s.function = std::make_shared<const ops::UnaryFunction>(std::move(function));
  return s;
}
LayerSpec HActivation(TapeFunction function) { return HActivation(to_unary(std::move(function))); }
LayerSpec HAdd(std::vector<std::string> inputs) { return spec("HAdd").from(std::move(inputs)); }
LayerSpec Signature(int64_t keep_negative, int64_t bits, int64_t int_bits) {
  return spec("Signature")
      .set("keep_negative", concat(keep_negative))
      .set("bits", concat(bits))
      .set("int_bits", concat(int_bits));
}
LayerSpec PReshape(const std::vector<int64_t>& target_shape) {
  LayerSpec s = spec("PReshape");
  s.arguments.set("target_shape", list_of(target_shape));
  return s;
}
LayerSpec PFlatten() { return spec("PFlatten"); }
LayerSpec PPermute(const std::vector<int64_t>& dims) {
  LayerSpec s = spec("PPermute");
  s.arguments.set("dims", list_of(dims));
  return s;
}
LayerSpec PConcatenate(std::vector<std::string> inputs, int64_t axis) {
  return spec("PConcatenate").set("axis", concat(axis)).from(std::move(inputs));
}
LayerSpec PDropout(double rate) { return spec("PDropout").set("rate", concat(rate)); }

Model Model::make(std::span<const LayerSpec> specs, const Options& options, ErrorList& errors) {
  ModelMaker maker(specs, options, errors);
  maker.run();
  Model model;
  if (maker.broken() || !errors.empty()) return model;
  for (const std::string& name : options.outputs) {
    const int output = maker.output(name);
    if (output >= 0) model.outputs_.push_back(output);
  }
  model.entries_ = std::move(maker.entries);
  model.inputs_ = std::move(maker.inputs);
  for (const int output : model.outputs_) {
    const Entry& entry = model.entry(output);
    if (entry.layer == nullptr)
      errors.add("model.outputs", concat("'", entry.name,
                                         "' is an Input; an output is what a layer gives, such as HQuantize, which "
                                         "passes the input on"));
  }
  if (options.outputs.empty()) {
    std::vector<bool> read(model.entries_.size(), false);
    for (const Entry& e : model.entries_) {
      for (const int i : e.inputs) read[static_cast<size_t>(i)] = true;
    }
    for (size_t i = 0; i < read.size(); ++i) {
      if (!read[i] && model.entries_[i].layer != nullptr) model.outputs_.push_back(static_cast<int>(i));
    }
  }
  if (model.outputs_.empty() && errors.empty()) errors.add("model", "there is no layer that puts something out");
  for (const int i : layers_without_effect(model)) {
    errors.add("model",
               concat("layer '", model.entry(i).name, "' leads to no output; name it in model.outputs, or remove it"));
  }
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
    const size_t before = recording.bops.size();
    result.signals.push_back(entry.layer->call(recording, inputs));
    for (size_t b = before; b < recording.bops.size(); ++b) recording.bops[b].layer = entry.name;
  }
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
