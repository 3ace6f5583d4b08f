// The interface of a loss, and the losses of hgq by their names in Keras.
//
//   loss: sparse_categorical_crossentropy           loss: {huber: {delta: 2.0}}
//
// A cross-entropy takes its predictions for logits, unless the function that makes the output gives probabilities:
// softmax, or sigmoid for the binary one. A loss is a mean over the batch and the elements of an output. With sample
// weights w it is sum(w l) / count(l), which Keras calls sum_over_batch_size.
//
// To add a loss: one .cpp with the class and its registration (losses_of_numbers.cpp shows both), one line in
// optim/CMakeLists.txt, and one test. A program adds its losses to a table of its own (optim/kinds.h).
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "hgq/autograd/ops.h"
#include "hgq/config/config_reader.h"
#include "hgq/config/kinds.h"
#include "hgq/data/classes.h"

namespace hgq {

/// One output of the model on a tape, from which losses and metrics are recorded.
struct OutputVars {
  Var prediction;                    // a Row value
  Var target;                        // a Row value of shape Loss::target_shape()
  std::string_view output_function;  // "softmax", "sigmoid" or another, see Layer::output_function
  Var weights{};                     // of the samples; invalid if there are none. Shapes as in autograd/ops.h
};

class Loss {
 public:
  virtual ~Loss() = default;
  Loss(const Loss&) = delete;
  Loss& operator=(const Loss&) = delete;

  /// The name in configs and files: "huber".
  virtual std::string_view name() const = 0;
  /// Whether its targets are numbers or classes.
  virtual TargetKind target_kind() const { return TargetKind::kNumbers; }
  /// The shape of a target for predictions of this shape, both of one sample. Throws ShapeError if the loss cannot take
  /// such predictions.
  virtual Shape target_shape(const Shape& prediction) const { return prediction; }
  /// Records the loss: the mean over the batch, a Step scalar.
  virtual Var record(const OutputVars& output) const = 0;
  /// Its keys as a config has them, a JSON object. Model files keep them, so that the loss can be made again. By
  /// default they are what the reader of the constructor has resolved.
  virtual nlohmann::json arguments() const;

 protected:
  /// Of a loss without keys.
  Loss() = default;
  /// Shares what `c` resolves, which includes the keys that the derived class reads later.
  explicit Loss(const ConfigReader& c) : arguments_(c.resolved()) {}

 private:
  std::shared_ptr<const nlohmann::json> arguments_;
};

/// A loss has no state, so copies of an objective share it.
using LossPtr = std::shared_ptr<const Loss>;
/// Reads the keys of a loss and makes it. The result is not used if there was an error.
using MakeLoss = LossPtr (*)(ConfigReader& c);

LossPtr sparse_categorical_crossentropy();
LossPtr categorical_crossentropy();
LossPtr binary_crossentropy();
LossPtr mse();
LossPtr mae();
/// Half the square of an error e up to `delta`, delta * (abs(e) - delta / 2) beyond. Throws ConfigError unless delta is
/// above 0.
LossPtr huber(double delta = 1);

/// Reads NAME or {NAME: {...}}; nullptr after an error. `docs`, if given, receives the documentation of the keys.
LossPtr make_loss(const Node& node, const Kinds<MakeLoss>& losses, ErrorList& errors,
                  std::vector<KeyDoc>* docs = nullptr);

}  // namespace hgq
