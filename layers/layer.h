// The interface of a layer: it owns its parameters, records itself on a tape, and knows its exact bits and its part of
// the proxy.
//
// A layer is made from its keys, which come from a config or a saved model, then built once for the shapes of its
// inputs, then recorded on any number of tapes. What it passes on is a Signal, a value with its differentiable bits, so
// that the next layer can compute its BOPs without knowing where its input comes from.
//
// To add a layer: one .cpp with the class and its registration (layers/kinds.h), one line in layers/CMakeLists.txt, and
// one test that calls EXPECT_LAYER_CONTRACT (tests/support/layer_contract.h). docs/adding-a-layer.md shows each step.
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

/// What a layer passes to the next while it is recorded.
struct Signal {
  Var value;  // a Row value
  Var bits;   // differentiable bits (quantization.md 1.5), a Step value in the shape of a sample; invalid if they are
              // not known, as those of an input without a quantizer
};

/// What a layer passes to the next after training.
struct ExactSignal {
  Shape shape;              // of a sample
  std::vector<float> bits;  // exact bits of each element (quantization.md 1.6), row-major; empty if not known
};

/// The exact BOPs of one call of a layer (quantization.md 2.4).
struct ExactBops {
  std::string layer;
  double bops = 0;
};

/// What a layer needs while it is recorded.
struct Recording {
  Tape& tape;
  Mode mode = Mode::kTrain;
  /// The BOPs of a layer, a Step scalar that is not yet multiplied by beta.
  struct Bops {
    std::string layer;
    Var value;
  };
  std::vector<Bops> bops;  // a layer with BOPs adds its own
  bool first_call = true;  // of this layer; regularizers are added in the first call only
};

struct BuildOptions {
  uint64_t seed = 0;       // of the initial weights
  bool initialize = true;  // false: the weights will be read from a file
  /// The most values that a weight may have, as a config or a file can claim any shape. The default leaves room in the
  /// memory of this machine for the gradient, the bit widths, and the state of an optimizer.
  int64_t most_values = physical_memory() / 32;
};

/// Throws ShapeError if a weight of this shape has more values than `options` allow. `where` opens the message.
void check_weight(const Shape& shape, const BuildOptions& options, const std::string& where);

struct LayerKinds;

/// What a layer uses for keys that are not given.
struct LayerDefaults {
  QuantizerConfig kq = get_default_kq_conf();
  QuantizerConfig paq = get_default_paq_conf();
  double beta = 0;
  std::shared_ptr<const FunctionTable>
      functions{};  // that HActivation knows by name; nullptr: those of `kinds`. All layers of a model share the table
  const LayerKinds* kinds = nullptr;  // the kinds of layers (layers/kinds.h), which must outlive this; nullptr: hgq's
};

/// How a model becomes a proxy (quantization.md 3.2).
struct ProxyOptions {
  bool aggressive = true;                      // overflow mode WRAP, otherwise SAT
  std::optional<int64_t> accum_fp_max_offset;  // accepted and ignored, since it changes no value in Python HGQ either
  /// The most entries of a UnaryLUT that replaces a function; -1: functions are not replaced. Keras opens up to 2048.
  int64_t unary_lut_max_table_size = 2048;
};

/// A weight in a model file, and where its values are in memory.
struct LayerWeight {
  std::string file_name;           // "dense/kernel_bw:0"
  Parameter* parameter = nullptr;  // one of these two; neither for a scalar that Python HGQ expects in the file
  State* state = nullptr;
  float scalar = 0;  // the value of that scalar

  Tensor* tensor() const {
    return parameter != nullptr ? &parameter->value : state != nullptr ? &state->value : nullptr;
  }
};

class Layer {
 public:
  virtual ~Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  /// The name of the class in configs: "HDense".
  virtual std::string_view kind() const = 0;
  const std::string& name() const { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }

  /// Makes the parameters for inputs whose samples have these shapes. Returns the shape of an output sample. Throws
  /// ShapeError, with where() and the shapes, if the inputs do not fit. Called once.
  virtual Shape build(std::span<const Shape> inputs, const BuildOptions& options) = 0;
  /// Records the layer, adds its BOPs to `recording`, and its BOPs times beta and regularizers to the losses of the
  /// tape. Throws ConfigError if it needs the bits of an input and they are not known.
  virtual Signal call(Recording& recording, std::span<const Signal> inputs) = 0;
  /// Returns the exact bits of the output. A layer that multiplies adds its exact BOPs to the list, also if they are 0
  /// (quantization.md 2.4). Throws ConfigError if the layer has no recorded ranges.
  virtual ExactSignal exact(std::span<const ExactSignal> inputs, std::vector<ExactBops>& bops) = 0;
  /// Adds the layers that stand for this one in a proxy (quantization.md 3.2), and returns the one with its output.
  /// Throws ConfigError if the layer has no recorded ranges, or cannot be expressed in a proxy.
  virtual ProxyRef to_proxy(ProxyBuilder& builder, std::span<const ProxyRef> inputs, const ProxyOptions& options) = 0;
  /// Why the layer cannot be expressed in a proxy, as far as that is known before training; empty if it can.
  virtual std::string why_no_proxy(const ProxyOptions& /*options*/) const { return ""; }
  /// All keys of the layer, `name` included, as Python HGQ writes them to a model file. The layer can be made from
  /// them. By default they are what the reader of the constructor has resolved (ConfigReader::resolved); a layer adds
  /// what changes after it is made.
  virtual nlohmann::json config() const;
  /// The class name in a model file: "HGQ>HDense".
  virtual std::string class_name() const { return "HGQ>" + std::string(kind()); }

  /// What is trained. These pointers, and those of states(), are valid from build() on, as long as the layer.
  virtual std::vector<Parameter*> parameters() { return {}; }
  /// What is not trained but belongs to the model: moving statistics, records, beta.
  virtual std::vector<State*> states() { return {}; }
  /// The weights in a model file. Keras pairs them with those of the layer by position, so the order matters: trained
  /// weights come first, and each sort in the order in which Python HGQ creates them.
  virtual std::vector<LayerWeight> file_weights() { return {}; }
  /// The values that a file for Python HGQ has for this weight, if they differ from those in memory; otherwise empty.
  virtual std::vector<float> value_for_python(const LayerWeight& /*weight*/) const { return {}; }
  /// The quantizer of the output, which has the record of ranges; nullptr if there is none.
  virtual Quantizer* output_quantizer() { return nullptr; }
  /// Called after trace_minmax has recorded and widened the ranges (quantization.md 3.1): softmax, sigmoid and tanh set
  /// the ranges that are known.
  virtual void after_trace() {}
  /// The name of the function that makes the output, such as "softmax" or "sigmoid"; empty if there is none. Losses
  /// tell probabilities from logits by it.
  virtual std::string_view output_function() const { return ""; }
  /// The function of one number that makes the output, for a table in the proxy; nullptr if there is none.
  virtual const ops::UnaryFunction* unary_function() const { return nullptr; }
  /// The weight of the layer's BOPs in the loss, a scalar; nullptr if the layer has none.
  virtual State* beta() { return nullptr; }
  /// Whether beta is given by the layer's keys, so that schedules do not change it.
  virtual bool has_own_beta() const { return false; }
  /// Called after file_weights() have been read from a file of Python HGQ, to convert what it means otherwise.
  virtual void after_loading() {}

 protected:
  /// Reads the key `name`, and shares what `c` resolves, which includes the keys that derived classes read later.
  explicit Layer(ConfigReader& c);
  /// "layer 'dense_1' (HDense)", to open messages.
  std::string where() const;
  /// Throws ShapeError unless there are `count` inputs.
  void expect_inputs(std::span<const Shape> inputs, size_t count) const;

 private:
  std::shared_ptr<const nlohmann::json> keys_;
  std::string name_;
};

/// What a factory gets besides the reader of the keys. It adds errors to the list; the layer is not used then. The
/// references are valid during the call.
struct LayerArguments {
  const Node& node;  // the map of keys
  const LayerDefaults& defaults;
  ErrorList& errors;
  std::vector<KeyDoc>* docs = nullptr;                   // receives the documentation of the keys, if given
  std::shared_ptr<const ops::UnaryFunction> function{};  // of HActivation, if given in code; shared with its tapes
};

}  // namespace hgq
