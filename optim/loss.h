// Losses by Keras' names.
//
//   loss: sparse_categorical_crossentropy           loss: {huber: {delta: 2.0}}
//
// Cross-entropies are from logits unless the output is made by the function that gives probabilities (softmax; sigmoid
// for the binary one). All are means over the batch and over the elements of an output; with sample weights w sum(w l)
// / count(l), as Keras' sum_over_batch_size.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/autograd/ops.h"
#include "hgq/config/config_reader.h"
#include "hgq/data/classes.h"

namespace hgq {

struct Loss {
  enum class Kind : uint8_t {
    kSparseCategoricalCrossentropy,
    kCategoricalCrossentropy,
    kBinaryCrossentropy,
    kMeanSquaredError,
    kMeanAbsoluteError,
    kHuber
  };
  Kind kind = Kind::kMeanSquaredError;
  double delta = 1;  // huber

  /// `mse` and `mae`, and Keras' class names, are understood too. Adds what is wrong to `errors`.
  static Loss from_node(const Node& node, ErrorList& errors);
  /// Keras' name.
  std::string_view name() const;
  /// What its targets are.
  TargetKind target_kind() const;
  /// Shape of a target for predictions of this shape: without the last dim for class numbers.
  Shape target_shape(const Shape& prediction) const;
  /// Mean over the batch, a Step scalar. `output_function`: "softmax", "sigmoid", or another (Layer::output_function).
  /// `weights`: of the samples, if given; shapes as in autograd/ops.h.
  Var record(Var prediction, Var target, std::string_view output_function, Var weights = {}) const;
};

Loss sparse_categorical_crossentropy();
Loss categorical_crossentropy();
Loss binary_crossentropy();
Loss mse();
Loss mae();
Loss huber(double delta = 1);

std::vector<std::string> loss_names();

}  // namespace hgq
