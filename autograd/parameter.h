// What a model holds between steps: Parameters are trained, States are not.
//
// Both have a name, such as "dense_1/kernel". A tape refers to them and reads them at each replay, so a callback or an
// optimizer may change their values between two steps. Their shape is fixed.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "hgq/core/tensor.h"

namespace hgq {

/// What is applied to the value of a parameter after each update of the optimizer, as the constraints of Keras; may be
/// empty.
using Constraint = std::function<void(TensorView)>;

class Parameter {
 public:
  Parameter() = default;
  Parameter(std::string name_, const Shape& shape, bool trainable_ = true)
      : name(std::move(name_)), value(shape), grad(shape), trainable(trainable_) {}

  std::string name;
  Tensor value;
  Tensor grad;            // of the last backward pass; 0 if no loss depends on the parameter
  bool trainable = true;  // as the keys of its layer say, and as files for Keras do
  bool frozen = false;    // not trained for a while (layers/freeze.h); a tape must be recorded again when it changes
  Constraint constraint;

  bool is_trained() const { return trainable && !frozen; }
};

class State {
 public:
  State() = default;
  State(std::string name_, const Shape& shape) : name(std::move(name_)), value(shape) {}

  std::string name;
  Tensor value;
};

}  // namespace hgq
