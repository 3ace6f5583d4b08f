// Functions of one number by name: Keras' built-in activations, and those that a program adds.
//
//   const auto tanh = FunctionTable().find("tanh");
//   FunctionTable mine;   mine.add({"cube", [](double x) { return x * x * x; }, [](double x, double) { return 3 * x *
//   x; }});
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

class FunctionTable {
 public:
  /// Keras 2's: sigmoid, tanh, elu (alpha 1), selu, softplus, softsign, swish, gelu (exact), exponential, hard_sigmoid,
  /// leaky_relu (0.2), mish; and square, exp, sin. linear, relu and softmax are not functions of this table: layers
  /// treat them by themselves.
  FunctionTable();
  /// Adds one, or replaces the one of the same name.
  void add(ops::UnaryFunction function);
  /// nullptr where there is none.
  std::shared_ptr<const ops::UnaryFunction> find(std::string_view name) const;
  std::vector<std::string> names() const;

 private:
  std::vector<std::shared_ptr<const ops::UnaryFunction>> functions_;  // shared with the tapes that use them
};

}  // namespace hgq
