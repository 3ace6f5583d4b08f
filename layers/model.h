// A network of HGQ layers: built from code or from a config, recorded on tapes, saved to files.
//
//   Model model = Sequential({HQuantize(), HDense(64).relu(), HDense(2)}, Shape{10});
//   Tape tape;   const ModelRecording r = model.record(tape, Mode::kTrain);      // r.outputs, r.bops
//   Tensor y = predict(model, x.view(), workers);                               // layers/predict.h
//
// A LayerSpec is a layer's kind with its keys, the same as in a config file; `HDense(64)` and its like make one. A list
// of specs is a chain; `inputs` on a spec make a graph.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/node.h"
#include "hgq/layers/layer.h"

namespace hgq {

struct LayerSpec {
  std::string kind;
  Node arguments;                                        // a map of keys
  std::vector<std::string> inputs;                       // names of layers; empty: the one before
  std::shared_ptr<const ops::UnaryFunction> function{};  // of HActivation, given in code; shared by what is made of it

  // Keys that are set often; any other with set().
  LayerSpec& relu();
  LayerSpec& name(const std::string& value);
  LayerSpec& beta(double value);
  LayerSpec& from(std::vector<std::string> names);
  /// YAML text of a value: set("kq_conf", "{init_bw: 3}").
  LayerSpec& set(const std::string& key, const std::string& yaml);
};

LayerSpec Input(const std::string& name, const Shape& shape = {});
LayerSpec HQuantize();
LayerSpec HDense(int64_t units);
LayerSpec HDenseBatchNorm(int64_t units);
LayerSpec HConv1D(int64_t filters, int64_t kernel_size);
LayerSpec HConv1DBatchNorm(int64_t filters, int64_t kernel_size);
/// The sizes of a window are those of height and width; one alone is both.
LayerSpec HConv2D(int64_t filters, const std::vector<int64_t>& kernel_size);
LayerSpec HConv2DBatchNorm(int64_t filters, const std::vector<int64_t>& kernel_size);
/// The name of a function (layers/activations.h), or a formula in x (layers/expression.h).
LayerSpec HActivation(const std::string& function);
/// A function of the program's own: HActivation({"cube", [](double x) { return x * x * x; }}), with its derivative as a
/// third argument if there is one; or as operations on the tape: HActivation({"cube", [](Var x) { return ...; }}).
LayerSpec HActivation(ops::UnaryFunction function);
LayerSpec HActivation(TapeFunction function);
LayerSpec HAdd(std::vector<std::string> inputs);
LayerSpec Signature(int64_t keep_negative, int64_t bits, int64_t int_bits);
LayerSpec PReshape(const std::vector<int64_t>& target_shape);
LayerSpec PFlatten();
LayerSpec PPermute(const std::vector<int64_t>& dims);
LayerSpec PConcatenate(std::vector<std::string> inputs, int64_t axis = -1);
LayerSpec PDropout(double rate);
LayerSpec PMaxPooling1D(int64_t pool_size = 2);
LayerSpec PAveragePooling1D(int64_t pool_size = 2);
LayerSpec PMaxPooling2D(const std::vector<int64_t>& pool_size = {2});
LayerSpec PAveragePooling2D(const std::vector<int64_t>& pool_size = {2});

/// A model on a tape.
struct ModelRecording {
  std::vector<Var> inputs;      // in the order of Model::inputs()
  std::vector<Signal> outputs;  // in the order of Model::outputs()
  std::vector<Signal> signals;  // of every entry
  std::vector<Recording::Bops> bops;
};

class Model {
 public:
  struct Entry {
    std::string name;
    std::unique_ptr<Layer> layer;  // nullptr for an input
    std::vector<int> inputs;       // entries in front
    Shape shape;                   // of a sample
  };

  struct Options {
    std::map<std::string, Shape>
        input_shapes;  // of samples, by input layer; for a model with one input the only entry serves whatever its name
    std::vector<std::string> outputs;  // empty: the layers that nobody reads, in order
    LayerDefaults defaults{};
    BuildOptions build{};
    bool keras_keys = false;  // specs come from a saved model: further keys of Keras are left alone
  };

  /// Builds all layers. Errors (unknown keys, shapes that do not fit ...) are collected with the place of the layer;
  /// the model is then not to be used.
  static Model make(std::span<const LayerSpec> specs, const Options& options, ErrorList& errors);

  const std::vector<Entry>& entries() const { return entries_; }
  const std::vector<int>& inputs() const { return inputs_; }
  const std::vector<int>& outputs() const { return outputs_; }
  const Entry& entry(int index) const { return entries_[static_cast<size_t>(index)]; }
  /// nullptr where there is none.
  Layer* find(const std::string& name) const;

  /// Records all layers, in order, with their losses (BOPs, regularizers).
  ModelRecording record(Tape& tape, Mode mode, bool input_gradients = false);

  /// All of the model's, in the order of the layers.
  std::vector<Parameter*> parameters() const;
  std::vector<State*> states() const;
  /// Sets the strength of the BOPs term for every layer without one of its own; and reads it, of the first such layer.
  void set_beta(double beta);
  double beta() const;
  void reset_records();
  bool is_traced() const;
  /// "layer 'a' (HActivation): the function ...": what can not be exported, known before training.
  std::vector<std::string> what_can_not_be_exported() const;
  /// Exact BOPs of each layer that has some (spec 2.4); throws ConfigError for a model without ranges.
  std::vector<ExactBops> exact_bops() const;
  /// Exact bits of each element of an entry's output; empty where not known.
  std::vector<ExactSignal> exact_signals(std::vector<ExactBops>& bops) const;

 private:
  std::vector<Entry> entries_;
  std::vector<int> inputs_, outputs_;
};

/// A chain with one input. Throws ConfigError or ShapeError.
Model Sequential(std::initializer_list<LayerSpec> layers, const Shape& input, const BuildOptions& options = {});
/// Any graph; the specs hold Input layers with their shapes.
Model Graph(std::span<const LayerSpec> layers, const BuildOptions& options = {}, std::vector<std::string> outputs = {});

}  // namespace hgq
