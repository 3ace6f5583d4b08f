// Functions of one number by name: Keras' built-in activations, and those that a program adds.
//
//   const auto tanh = FunctionTable().find("tanh");
//   FunctionTable mine;
//   mine.add({"cube", [](double x) { return x * x * x; }, [](double x, double) { return 3 * x * x; }});
//   mine.add({"bump", [](double x) { return std::exp(-x * x); }});                   // the slope from differences
//   mine.add({"quartic", [](Var x) { return ops::square(ops::square(x)); }});        // the slope from the tape
//
// HActivation({"cube", [](double x) { return x * x * x; }}) needs no table.
//
// A model's file contains only the name of a function: load_model() finds the functions in LayerDefaults::functions.
//
// Values are computed in double and rounded to float once. So results are correctly rounded, except for rare cases in
// which the C library's double is almost exactly between two floats.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/autograd/ops.h"

namespace hgq {

/// A function of each element that is recorded as operations, which the tape differentiates.
struct TapeFunction {
  std::string name;
  std::function<Var(Var)> record;
};
/// The same as a UnaryFunction. Its values of single points are computed by a small tape of its own, in float32. Throws
/// ConfigError if `name` or `record` is empty.
ops::UnaryFunction to_unary(TapeFunction function);

class FunctionTable {
 public:
  /// Contains the functions of Keras 2: sigmoid, tanh, elu (alpha 1), selu, softplus, softsign, swish (also silu), gelu
  /// (exact), exponential, hard_sigmoid, leaky_relu (0.2), mish, relu6; and square, exp, sin. It does not contain
  /// linear, relu, softmax and log_softmax, which layers treat separately.
  FunctionTable();
  /// Adds a function, or replaces the one of the same name. Throws ConfigError for a function without a name or without
  /// values.
  void add(ops::UnaryFunction function);
  void add(TapeFunction function) { add(to_unary(std::move(function))); }
  /// nullptr if there is no function of this name.
  std::shared_ptr<const ops::UnaryFunction> find(std::string_view name) const;
  std::vector<std::string> names() const;

 private:
  std::vector<std::shared_ptr<const ops::UnaryFunction>> functions_;  // shared with the tapes that use them
};

}  // namespace hgq
