// Functions of one number by name: Keras' built-in activations, and those that a program adds.
//
//   const auto tanh = FunctionTable().find("tanh");
//   FunctionTable mine;
//   mine.add({"cube", [](double x) { return x * x * x; }, [](double x, double) { return 3 * x * x; }});
//   mine.add({"bump", [](double x) { return std::exp(-x * x); }});                   // its slope by differences
//   mine.add({"quartic", [](Var x) { return ops::square(ops::square(x)); }});        // by the tape
//
// HActivation({"cube", [](double x) { return x * x * x; }}) needs no table.
//
// A model's file holds the name alone: load_model gets the functions by LayerDefaults::functions.
//
// Values are computed in double and rounded to float once, so float32 results are correctly rounded but for rare ties
// of the C library.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/autograd/ops.h"

namespace hgq {

/// A function of each element, as operations that are recorded and differentiated by the tape.
struct TapeFunction {
  std::string name;
  std::function<Var(Var)> record;
};
/// The same as a UnaryFunction that has values of single points, too: those of a small tape of its own, in float32.
/// Throws ConfigError without a name or a recording.
ops::UnaryFunction to_unary(TapeFunction function);

class FunctionTable {
 public:
  /// Keras 2's: sigmoid, tanh, elu (alpha 1), selu, softplus, softsign, swish (also silu), gelu (exact), exponential,
  /// hard_sigmoid, leaky_relu (0.2), mish, relu6; and square, exp, sin. linear, relu, softmax and log_softmax are not
  /// functions of this table: layers treat them by themselves.
  FunctionTable();
  /// Adds one, or replaces the one of the same name. Throws ConfigError for one without a name or without values.
  void add(ops::UnaryFunction function);
  void add(TapeFunction function) { add(to_unary(std::move(function))); }
  /// nullptr where there is none.
  std::shared_ptr<const ops::UnaryFunction> find(std::string_view name) const;
  std::vector<std::string> names() const;

 private:
  std::vector<std::shared_ptr<const ops::UnaryFunction>> functions_;  // shared with the tapes that use them
};

}  // namespace hgq
