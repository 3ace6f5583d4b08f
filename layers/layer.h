// What a layer is: it owns parameters, records itself on a tape, and tells its exact bits and its part of the proxy.
//
// A layer is made from its keys (a config's, or those of a saved model), built once for the shapes of its inputs, and
// recorded on as many tapes as there are modes. It passes on a Signal, value and differentiable bits, so no layer looks
// back at its producer to compute its BOPs.
//
// To add a layer: one .cpp with the class and its registration (layers/kinds.h), one line in layers/CMakeLists.txt, one
// test that calls EXPECT_LAYER_CONTRACT (tests/support/layer_contract.h).
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/autograd/activations.h"
#include "hgq/autograd/tape.h"
#include "hgq/config/config_reader.h"
#include "hgq/config/node.h"
#include "hgq/data/claimed_size.h"
#include "hgq/layers/quantizer.h"
#include "hgq/proxy/builder.h"

namespace hgq {

/// What flows between layers while a tape is recorded.
struct Signal {
  Var value;
  Var bits;  // Step value with the shape of one sample (quantization.md 1.5); invalid where the precision is not known
             // (a bare input)
};

/// What flows between layers after training.
struct ExactSignal {
  Shape shape;
  std::vector<float> bits;  // of each element of one sample (quantization.md 1.6); empty where not known
};

struct ExactBops {
  std::string layer;
  double bops = 0;
};

/// What a model gives to its layers while it records them.
struct Recording {
  Tape& tape;
  Mode mode = Mode::kTrain;
  /// BOPs of the layers that have them, before they are multiplied by beta.
  struct Bops {
    std::string layer;
    Var value;
  };
  std::vector<Bops> bops;
  bool first_call = true;  // of the layer: regularizers count once
};

struct BuildOptions {
  uint64_t seed = 0;
  bool initialize = true;  // false: the weights are read from a file
  /// Most values that a weight may have: a config or a file can claim any shape. The default leaves room in this
  /// machine's memory for its gradient, its bit widths, and the optimizer's state.
  int64_t most_values = physical_memory() / 32;
};

/// Throws ShapeError, `where` in front, for a weight of more values than `options` allow.
void check_weight(const Shape& shape, const BuildOptions& options, const std::string& where);

struct LayerKinds;

/// What layers take where they are not told.
struct LayerDefaults {
  QuantizerConfig kq = get_default_kq_conf();
  QuantizerConfig paq = get_default_paq_conf();
  double beta = 0;
  std::shared_ptr<const FunctionTable>
      functions{};  // those of HActivation; nullptr: those of `kinds`. Shared by all layers of a model
  const LayerKinds* kinds = nullptr;  // the layers there are (layers/kinds.h); nullptr: those of hgq
};

/// How a model becomes a proxy (quantization.md 3.2).
struct ProxyOptions {
  bool aggressive = true;                      // overflow WRAP, else SAT
  std::optional<int64_t> accum_fp_max_offset;  // accepted as in Python HGQ, where it changes no value
  /// Entries of the largest UnaryLUT that takes the place of a function; -1: none. Keras opens up to 2048.
  int64_t unary_lut_max_table_size = 2048;
};

/// A weight in a model file: its name there ("kernel_bw:0"), and where its values live.
struct LayerWeight {
  std::string file_name;
  Parameter* parameter = nullptr;  // one of the two, or none: a scalar that Python HGQ wants in the file
  State* state = nullptr;
  float scalar = 0;  // its value

  Tensor* tensor() const {
    return parameter != nullptr ? &parameter->value : state != nullptr ? &state->value : nullptr;
  }
};

class Layer {
 public:
  virtual ~Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  /// As in configs: "HDense".
  virtual std::string_view kind() const = 0;
  const std::string& name() const { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }

  /// Makes the parameters; the shape of an output sample. Throws ShapeError with the layer's name and both shapes where
  /// the inputs do not fit.
  virtual Shape build(std::span<const Shape> inputs, const BuildOptions& options) = 0;
  /// Records the layer, its BOPs and regularizers included.
  virtual Signal call(Recording& recording, std::span<const Signal> inputs) = 0;
  /// Exact bits of the output; adds the layer's exact BOPs to the list, if it is one that has any, 0 too
  /// (quantization.md 2.4).
  virtual ExactSignal exact(std::span<const ExactSignal> inputs, std::vector<ExactBops>& bops) = 0;
  virtual ProxyRef to_proxy(ProxyBuilder& builder, std::span<const ProxyRef> inputs, const ProxyOptions& options) = 0;
  /// Why the layer cannot stand in a proxy, where that is known before training; empty where nothing forbids it.
  virtual std::string why_no_proxy(const ProxyOptions& /*options*/) const { return ""; }
  /// The layer's keys, as Python HGQ writes them into a model file, `name` included.
  virtual nlohmann::json config() const = 0;
  /// The class name in a model file: "HGQ>HDense".
  virtual std::string class_name() const { return "HGQ>" + std::string(kind()); }

  virtual std::vector<Parameter*> parameters() { return {}; }
  /// All that is not trained but belongs to the model: moving statistics, records, beta.
  virtual std::vector<State*> states() { return {}; }
  /// Weights in the file, in the order in which Keras lists those of the layer, as it pairs them by position: trained
  /// ones first, each kind in the order in which Python HGQ makes them.
  virtual std::vector<LayerWeight> file_weights() { return {}; }
  /// What a file for Python HGQ holds in the place of a weight, where that is not the value itself; else empty.
  virtual std::vector<float> value_for_python(const LayerWeight& /*weight*/) const { return {}; }
  /// The quantizer of the output, nullptr where there is none; it holds the record of ranges.
  virtual Quantizer* output_quantizer() { return nullptr; }
  /// After trace_minmax has recorded and widened (quantization.md 3.1): softmax, sigmoid and tanh set their known
  /// ranges.
  virtual void after_trace() {}
  /// The function that makes the output: "softmax", "sigmoid" ...; losses look whether they get probabilities.
  virtual std::string_view output_function() const { return ""; }
  /// The function of one number that makes the output, as a table would hold it; nullptr where there is none.
  virtual const ops::UnaryFunction* unary_function() const { return nullptr; }
  /// Strength of the BOPs term; nullptr where the layer has none. `own`: given for this layer, so that schedules leave
  /// it alone.
  virtual State* beta() { return nullptr; }
  virtual bool has_own_beta() const { return false; }
  /// Makes a state from what a file of Python HGQ holds; `file_weights` have been read.
  virtual void after_loading() {}

 protected:
  explicit Layer(std::string name) : name_(std::move(name)) {}
  /// "layer 'dense_1' (HDense)", for messages.
  std::string where() const;
  /// Throws ShapeError for another number of inputs.
  void expect_inputs(std::span<const Shape> inputs, size_t count) const;

 private:
  std::string name_;
};

/// What a factory is given to read the keys of a layer. Errors are added to the list; the layer is then not used.
struct LayerArguments {
  const Node& node;  // the map of keys
  const LayerDefaults& defaults;
  ErrorList& errors;
  std::vector<KeyDoc>* docs = nullptr;
  std::shared_ptr<const ops::UnaryFunction> function{};  // of HActivation, given in code; shared with tapes
};

}  // namespace hgq
