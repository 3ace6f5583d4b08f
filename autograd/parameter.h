// What a model holds between steps: Parameters are trained, States are not.
//
// Both are named ("dense_1/kernel"), live outside the tape and are read at each replay, so a callback or an optimizer
// may change their values between steps at will. Their shape is fixed.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "hgq/core/tensor.h"

namespace hgq {

/// Applied to a parameter's value after each update of the optimizer (Keras' constraints). Empty: none.
using Constraint = std::function<void(TensorView)>;

class Parameter {
 public:
  Parameter() = default;
  Parameter(std::string name_, const Shape& shape, bool trainable_ = true)
      : name(std::move(name_)), value(shape), grad(shape), trainable(trainable_) {}

  std::string name;
  Tensor value;
  Tensor grad;  // of the last backward pass; zeros where the parameter did not enter
  bool trainable = true;
  Constraint constraint;
};

class State {
 public:
  State() = default;
  State(std::string name_, const Shape& shape) : name(std::move(name_)), value(shape) {}

  std::string name;
  Tensor value;
};

}  // namespace hgq
