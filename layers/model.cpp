#include "hgq/layers/model.h"

#include <algorithm>

#include "hgq/core/error.h"
#include "hgq/layers/registry.h"

namespace hgq {
namespace {

LayerSpec spec(const std::string& kind) { return {.kind = kind, .arguments = Node::map({}), .inputs = {}}; }

Node list_of(const std::vector<int64_t>& values) {
  std::vector<Node> items;
  for (const int64_t v : values) items.push_back(Node::scalar(concat(v)));
  return Node::list(std::move(items));
}

std::string unique_name(const std::string& base, const std::vector<Model::Entry>& entries) {
  const auto taken = [&](const std::string& name) {
    return std::ranges::any_of(entries, [&](const Model::Entry& e) { return e.name == name; });
  };
  if (!taken(base)) return base;
  int number = 1;
  while (taken(concat(base, "_", number))) ++number;
  return concat(base, "_", number);
}

// Makes the entries one by one; stops at the first that does not fit, as nothing behind it has a shape.
class Maker {
 public:
  Maker(const Model::Options& options, ErrorList& errors) : options_(options), errors_(errors) {}

  void add(const LayerSpec& layer) {
    if (layer.kind == "Input") {
      add_input(layer);
      return;
    }
    Model::Entry entry;
    entry.layer = make_layer(layer.kind, {layer.arguments, options_.defaults, errors_, nullptr, layer.function},
                             options_.keras_keys);
    if (entry.layer == nullptr) {
      broken_ = true;
      return;
    }
    if (!broken_) broken_ = !connect(layer, entry);
    if (entry.layer->name().empty()) entry.layer->set_name(unique_name(snake_case(entry.layer->kind()), entries));
    entry.name = entry.layer->name();
    if (std::ranges::any_of(entries, [&](const Model::Entry& e) { return e.name == entry.name; })) {
      errors_.add(layer.arguments.key_place(),
                  concat("there are two layers named '", entry.name, "'; give one of them another name"));
      broken_ = true;
    }
    if (broken_) return;
    std::vector<Shape> shapes;
    for (const int i : entry.inputs) shapes.push_back(entries[static_cast<size_t>(i)].shape);
    try {
      entry.shape = entry.layer->build(shapes, options_.build);
    } catch (const Error& e) {
      errors_.add(layer.arguments.key_place(), e.what());
      broken_ = true;
      return;
    }
    entries.push_back(std::move(entry));
  }

  bool broken() const { return broken_; }
  std::vector<Model::Entry> entries;
  std::vector<int> inputs;

 private:
  bool connect(const LayerSpec& layer, Model::Entry& entry) {
    if (layer.inputs.empty()) {
      if (entries.empty()) add_input({.kind = "Input", .arguments = Node::map({}), .inputs = {}});
      if (broken_) return false;
      entry.inputs.push_back(static_cast<int>(entries.size()) - 1);
      return true;
    }
    for (const std::string& name : layer.inputs) {
      const auto found = std::ranges::find(entries, name, &Model::Entry::name);
      if (found == entries.end()) {
        std::vector<std::string> names;
        for (const Model::Entry& e : entries) names.push_back(e.name);
        const std::string nearest = nearest_name(name, names);
        errors_.add(layer.arguments.key_place(),
                    concat("input '", name, "' is no layer in front of this one",
                           nearest.empty() ? "" : concat(", did you mean '", nearest, "'?")));
        return false;
      }
      entry.inputs.push_back(static_cast<int>(found - entries.begin()));
    }
    return true;
  }

  void add_input(const LayerSpec& layer) {
    ConfigReader c(layer.arguments, "Input", errors_);
    Model::Entry entry;
    entry.name = unique_name(c.text("name", "name of the input", "input_1"), entries);
    std::vector<int64_t> dims = c.integers("shape", "shape of a sample", {}, {.min = 1});
    const bool told = c.has("shape");
    c.finish();
    entry.shape = Shape(dims);
    const auto given = options_.input_shapes.find(entry.name);
    const bool only = options_.input_shapes.size() == 1;
    if (given != options_.input_shapes.end() || (only && !told)) {
      const Shape& data = given != options_.input_shapes.end() ? given->second : options_.input_shapes.begin()->second;
      if (told && !(data == entry.shape)) {
        errors_.add(layer.arguments.key_place(),
                    concat("input '", entry.name, "' has shape ", entry.shape, ", its data have ", data));
        broken_ = true;
      }
      entry.shape = data;
    } else if (!told) {
      errors_.add(layer.arguments.key_place(),
                  concat("input '", entry.name, "' has no shape and no data that tell it; give shape: [...]"));
      broken_ = true;
    }
    inputs.push_back(static_cast<int>(entries.size()));
    entries.push_back(std::move(entry));
  }

  const Model::Options& options_;
  ErrorList& errors_;
  bool broken_ = false;
};

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

LayerSpec Input(const std::string& name, const Shape& shape) {
  LayerSpec s = spec("Input");
  s.name(name);
  if (shape.rank() > 0) s.arguments.set("shape", list_of({shape.dims().begin(), shape.dims().end()}));
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
  Maker maker(options, errors);
  for (const LayerSpec& layer : specs) maker.add(layer);
  Model model;
  if (maker.broken() || !errors.empty()) return model;
  model.entries_ = std::move(maker.entries);
  model.inputs_ = std::move(maker.inputs);
  for (const std::string& name : options.outputs) {
    const auto found = std::ranges::find(model.entries_, name, &Entry::name);
    if (found == model.entries_.end()) {
      errors.add("model.outputs", concat("there is no layer '", name, "'"));
    } else {
      model.outputs_.push_back(static_cast<int>(found - model.entries_.begin()));
    }
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
    result.signals.push_back(entry.layer->call(recording, inputs));
  }
  for (const int i : outputs_) result.outputs.push_back(result.signals[static_cast<size_t>(i)]);
  result.bops = std::move(recording.bops);
  return result;
}

std::vector<Parameter*> Model::parameters() const {
  std::vector<Parameter*> all;
  for (const Entry& e : entries_) {
    if (e.layer == nullptr) continue;
    for (Parameter* const p : e.layer->parameters()) all.push_back(p);
  }
  return all;
}

std::vector<State*> Model::states() const {
  std::vector<State*> all;
  for (const Entry& e : entries_) {
    if (e.layer == nullptr) continue;
    for (State* const s : e.layer->states()) all.push_back(s);
  }
  return all;
}

void Model::set_beta(double beta) {
  for (const Entry& e : entries_) {
    if (e.layer != nullptr && e.layer->beta() != nullptr && !e.layer->has_own_beta())
      e.layer->beta()->value.fill(static_cast<float>(beta));
  }
}

double Model::beta() const {
  for (const Entry& e : entries_) {
    if (e.layer != nullptr && e.layer->beta() != nullptr && !e.layer->has_own_beta())
      return static_cast<double>(e.layer->beta()->value.values()[0]);
  }
  return 0;
}

void Model::reset_records() {
  for (const Entry& e : entries_) {
    if (e.layer != nullptr && e.layer->output_quantizer() != nullptr) e.layer->output_quantizer()->reset_record();
  }
}

bool Model::is_traced() const {
  return std::ranges::all_of(entries_, [](const Entry& e) {
    return e.layer == nullptr || e.layer->output_quantizer() == nullptr || e.layer->output_quantizer()->has_record();
  });
}

std::vector<std::string> Model::what_can_not_be_exported() const {
  std::vector<std::string> reasons;
  for (const Entry& e : entries_) {
    if (e.layer != nullptr && !e.layer->why_no_proxy().empty()) reasons.push_back(e.layer->why_no_proxy());
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
    signals.push_back(entry.layer->exact(inputs, bops));
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
