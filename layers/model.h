// A network of HGQ layers: built from code or from a config, recorded on tapes, saved to files.
//
//   Model model = Sequential({HQuantize(), HDense(64).relu(), HDense(2)}, Shape{10});
//   Tape tape;   const ModelRecording r = model.record(tape, Mode::kTrain);      // r.outputs, r.bops
//   Tensor y = predict(model, x.view(), workers);                               // layers/predict.h
//
// A LayerSpec is a layer's kind with its keys, the same as in a config file; `HDense(64)` and its like make one. A list
// of specs is a chain; `inputs` on a spec make a graph. A layer that is called again with its weights is Shared, some
// layers with names of their own are a NestedModel, which may be called again, too:
//
//   const std::vector<LayerSpec> layers{Input("a", {8}), Input("b", {8}),
//                                       NestedModel("encoder", {HQuantize(), HDense(16).relu()}).from({"a"}),
//                                       Shared("encoder").name("encoder_b").from({"b"}),
//                                       HAdd({"encoder", "encoder_b"})};
//   Model graph = Graph(layers);
//
// The model itself is flat: an Entry for each call of a layer, nested ones named by the layer, with _0, _1 ... where
// that is taken (quantization.md 3.2). BOPs are counted for each call, as each is hardware of its own; weights, bit
// widths and ranges are those of the layer, so regularizers count once.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hgq/config/node.h"
#include "hgq/layers/layer.h"

namespace hgq {

struct LayerSpec {
  std::string kind;
  Node arguments;                   // a map of keys
  std::vector<std::string> inputs;  // names of layers; empty: the one before. "NAME/INNER": an output of a nested model
  std::vector<LayerSpec> layers{};  // of a NestedModel
  std::vector<std::string> outputs{};  // of a NestedModel: of its layers; empty: those that nobody reads, in order
  std::string proxy_name{};            // what it is called in the proxy; empty: its name
  std::shared_ptr<const ops::UnaryFunction> function{};  // of HActivation, given in code; shared by what is made of it

  // Keys that are set often; any other with set().
  LayerSpec& relu();
  LayerSpec& name(const std::string& value);
  LayerSpec& beta(double value);
  LayerSpec& from(std::vector<std::string> names);
  /// YAML text of a value: set("kq_conf", "{init_bw: 3}").
  LayerSpec& set(const std::string& key, const std::string& yaml);
};

/// Any layer by its name, also one of a program's own: AnyLayer("PMaxPooling1D").set("pool_size", "3").
LayerSpec AnyLayer(const std::string& kind);
LayerSpec Input(const std::string& name, const Shape& shape = {});
/// Calls a layer or nested model once more, with the same weights.
LayerSpec Shared(const std::string& layer);
/// Input layers among `layers` stand for its inputs, in their order; without one it has one, which its first layer
/// reads.
LayerSpec NestedModel(const std::string& name, std::vector<LayerSpec> layers, std::vector<std::string> outputs = {});
LayerSpec HQuantize();
LayerSpec HDense(int64_t units);
LayerSpec HDenseBatchNorm(int64_t units);
LayerSpec HConv1D(int64_t filters, int64_t kernel_size);
LayerSpec HConv1DBatchNorm(int64_t filters, int64_t kernel_size);
/// The sizes of a window are those of height and width; one alone is both.
LayerSpec HConv2D(int64_t filters, const std::vector<int64_t>& kernel_size);
LayerSpec HConv2DBatchNorm(int64_t filters, const std::vector<int64_t>& kernel_size);
/// The name of a function (autograd/activations.h), or a formula in x (autograd/expression.h).
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
  /// A call of a layer.
  struct Entry {
    std::string name;              // unique
    std::shared_ptr<Layer> layer;  // shared by its calls; nullptr for an input
    std::vector<int> inputs;       // entries in front
    Shape shape;                   // of a sample
    int first_call = -1;           // the entry that called the layer first; -1: this one
    std::string path;              // "encoder/h_dense": the layer within nested models
    std::string proxy_name;        // before it is made unique there

    bool is_first_call() const { return first_call < 0; }
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
  /// Each layer once, in the order of their first calls.
  std::vector<Layer*> layers() const;
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
  /// "layer 'a' (HActivation): the function ...": what cannot be exported, known before training.
  std::vector<std::string> what_cannot_be_exported(const ProxyOptions& options = {}) const;
  /// Exact BOPs of each layer that has some (quantization.md 2.4); throws ConfigError for a model without ranges.
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
