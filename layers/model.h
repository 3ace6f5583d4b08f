// A network of HGQ layers: built in code or from a config, recorded on tapes, saved to files.
//
//   Model model = Sequential({HQuantize(), HDense(64).relu(), HDense(2)}, Shape{10});
//   Tape tape;   const ModelRecording r = model.record(tape, Mode::kTrain);      // r.outputs, r.bops
//   Tensor y = predict(model, x.view(), workers);                               // layers/predict.h
//
// A LayerSpec is the kind of a layer with its keys, the same ones as in a config file; `HDense(64)` and the like make
// one. A list of specs is a chain; with `inputs` it becomes a graph. Shared calls a layer again, with the same weights.
// NestedModel makes one layer of several, whose names are its own; it can be called again, too:
//
//   const std::vector<LayerSpec> layers{Input("a", {8}), Input("b", {8}),
//                                       NestedModel("encoder", {HQuantize(), HDense(16).relu()}).from({"a"}),
//                                       Shared("encoder").name("encoder_b").from({"b"}),
//                                       HAdd({"encoder", "encoder_b"})};
//   Model graph = Graph(layers);
//
// The model itself is flat: it has one Entry for each call of a layer, those of nested models included. A layer of a
// nested model keeps its name, with _0, _1 ... at its end if the name is taken (quantization.md 3.2). BOPs are counted
// for each call, since each call is hardware of its own. Weights, bit widths and ranges belong to the layer, so
// regularizers count once.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hgq/layers/layer.h"
#include "hgq/layers/layer_graph.h"
#include "hgq/layers/layer_spec.h"

namespace hgq {

/// What Model::record() has put on a tape. Its Vars belong to that tape.
struct ModelRecording {
  std::vector<Var> inputs;            // in the order of Model::inputs()
  std::vector<Signal> outputs;        // in the order of Model::outputs()
  std::vector<Signal> signals;        // in the order of Model::entries()
  std::vector<Recording::Bops> bops;  // of each call of a layer that has BOPs
};

class Model {
 public:
  /// A call of a layer.
  struct Entry {
    std::string name;              // unique in the model
    std::shared_ptr<Layer> layer;  // shared by all of its calls; nullptr for an input
    std::vector<int> inputs;       // indices of earlier entries
    Shape shape;                   // of a sample of the output
    int first_call = -1;           // index of the entry that calls the layer first; -1: this one
    std::string path;              // "encoder/h_dense": the name with those of the nested models around it
    std::string proxy_name;        // the name in the proxy, before it is made unique there

    bool is_first_call() const { return first_call < 0; }
  };

  struct Options {
    std::map<std::string, Shape>
        input_shapes;  // of samples, by input layer; if there is one input and one shape, whatever its name
    std::vector<std::string> outputs;  // names of layers; empty: the layers that no other layer reads, in order
    LayerDefaults defaults{};
    BuildOptions build{};
    bool keras_keys = false;  // the specs come from a saved model, whose further keys of Keras are no errors
  };

  /// Arranges the layers as a graph (layers/layer_graph.h) and builds them. All errors, such as names that are not
  /// there, unknown keys, or shapes that do not fit, are added to `errors` with the place of the layer ("layers[2]" for
  /// one that was given in code); the model must not be used then.
  static Model make(std::span<const LayerSpec> specs, const Options& options, ErrorList& errors);
  /// The same for a graph without errors, whose outputs are those of the model.
  static Model make(const LayerGraph& graph, const Options& options, ErrorList& errors);

  const std::vector<Entry>& entries() const { return entries_; }
  const std::vector<int>& inputs() const { return inputs_; }
  const std::vector<int>& outputs() const { return outputs_; }
  const Entry& entry(int index) const { return entries_[static_cast<size_t>(index)]; }
  /// Each layer once, in the order of the first calls. The pointers are valid as long as the model or a copy of it.
  std::vector<Layer*> layers() const;
  /// The layer of the entry with this name; nullptr if there is none, or if it is an input.
  Layer* find(const std::string& name) const;

  /// Records all layers on the tape, in their order, and adds BOPs times beta and regularizers to its losses. The model
  /// must outlive the tape. `input_gradients`: the tape computes the gradients of the inputs, too. Throws ConfigError
  /// if a layer needs the bits of its input and they are not known.
  ModelRecording record(Tape& tape, Mode mode, bool input_gradients = false);

  /// Those of all layers, in the order of layers(); valid as long as the model or a copy of it.
  std::vector<Parameter*> parameters() const;
  std::vector<State*> states() const;
  /// Sets the weight of the BOPs in the loss for every layer whose keys do not give one; reads it from the first such
  /// layer, 0 if there is none.
  void set_beta(double beta);
  double beta() const;
  /// Empties the records of all quantizers.
  void reset_records();
  /// Whether no record of a quantizer is empty.
  bool is_traced() const;
  /// Why the model cannot become a proxy, as far as that is known before training; a line for each layer concerned:
  /// "layer 'a' (HActivation): the function ...".
  std::vector<std::string> what_cannot_be_exported(const ProxyOptions& options = {}) const;
  /// The exact BOPs of each call of a layer that has BOPs (quantization.md 2.4). Throws ConfigError for a model without
  /// ranges.
  std::vector<ExactBops> exact_bops() const;
  /// The exact bits of each element of the output of each entry, empty where they are not known; adds to `bops`.
  std::vector<ExactSignal> exact_signals(std::vector<ExactBops>& bops) const;

 private:
  std::vector<Entry> entries_;
  std::vector<int> inputs_, outputs_;
};

/// A chain of layers with one input, whose samples have shape `input`. Throws ConfigError that lists the errors.
Model Sequential(std::initializer_list<LayerSpec> layers, const Shape& input, const BuildOptions& options = {});
/// Any graph. The specs contain Input layers with their shapes. Throws ConfigError that lists the errors.
Model Graph(std::span<const LayerSpec> layers, const BuildOptions& options = {}, std::vector<std::string> outputs = {});

}  // namespace hgq
