// What a loss is, and those by Keras' names.
//
//   loss: sparse_categorical_crossentropy           loss: {huber: {delta: 2.0}}
//
// Cross-entropies are from logits unless the output is made by the function that gives probabilities (softmax; sigmoid
// for the binary one). All are means over the batch and over the elements of an output; with sample weights w sum(w l)
// / count(l), as Keras' sum_over_batch_size.
//
// To add a loss: one .cpp with the class and its registration (losses_of_numbers.cpp shows both), one line in
// optim/CMakeLists.txt, one test. A program adds its own to a table of its own (optim/kinds.h).
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

/// One output of the model on a tape: what losses and metrics are recorded from.
struct OutputVars {
  Var prediction;                    // [batch, ...], Row
  Var target;                        // [batch] + target_shape, Row
  std::string_view output_function;  // "softmax", "sigmoid", or another (Layer::output_function)
  Var weights{};                     // of the samples; invalid where there are none. Shapes as in autograd/ops.h
};

class Loss {
 public:
  virtual ~Loss() = default;
  Loss(const Loss&) = delete;
  Loss& operator=(const Loss&) = delete;

  /// As in configs and files: "huber".
  virtual std::string_view name() const = 0;
  /// What its targets are.
  virtual TargetKind target_kind() const { return TargetKind::kNumbers; }
  /// Shape of a target for predictions of this shape, of one sample. Throws ShapeError where none fits.
  virtual Shape target_shape(const Shape& prediction) const { return prediction; }
  /// Mean over the batch, a Step scalar.
  virtual Var record(const OutputVars& output) const = 0;
  /// Its keys as a config gives them, an object; kept in model files, from which the loss is made again.
  virtual nlohmann::json arguments() const;

 protected:
  Loss() = default;
};

/// Losses have no state, so copies of an objective share them.
using LossPtr = std::shared_ptr<const Loss>;
using MakeLoss = LossPtr (*)(ConfigReader& c);

LossPtr sparse_categorical_crossentropy();
LossPtr categorical_crossentropy();
LossPtr binary_crossentropy();
LossPtr mse();
LossPtr mae();
/// Half the square of the error up to `delta`, a line beyond. Throws ConfigError for a delta that is not above 0.
LossPtr huber(double delta = 1);

/// Reads NAME or {NAME: {...}}; nullptr after an error. `docs`, if given, receives the keys.
LossPtr make_loss(const Node& node, const Kinds<MakeLoss>& losses, ErrorList& errors,
                  std::vector<KeyDoc>* docs = nullptr);

}  // namespace hgq
