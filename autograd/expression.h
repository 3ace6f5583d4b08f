// A function written as a formula in x, in configs and model files: "x*x", "sin(3*x)", "x > 0 ? x : 0.1*x".
//
//   ops::UnaryFunction f = parse_expression("x * exp(-x^2)");
//   const NamedExpression stop = parse_named_expression("bops < 3000 && val_accuracy > 0.9");
//   stop.value(std::vector{2950.0, 0.91});         // of stop.names(), in their order: 1
//
// Grammar, parsed by muParser: numbers with a decimal point in any locale (0.1, 1e-3), x, the constants pi and e; + - *
// / with their usual precedence, ^ or ** for powers (from the right; -x^2 is -(x^2)); < <= > >= == != && ||, which are
// 1 or 0; condition ? a : b; the functions of autograd/expression_program.h. Everything is computed in double, and the
// slope is exact (forward differentiation), not a difference.
//
// The result is not a muParser object, whose state cannot be shared, but a program made from its byte code: threads
// share it, and running it takes no memory.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/autograd/ops.h"

namespace hgq {

class ExpressionProgram;

/// Whether a text is a formula, and not the name of a function. "x" alone is a formula.
bool is_expression(std::string_view text);

/// The function of a formula; its name is the text without white space around it. Throws ConfigError, with the place in
/// the text (characters are counted from 1), for an unknown name, an assignment, a formula that cannot be parsed, more
/// than 1000 characters, and parentheses nested deeper than 50.
ops::UnaryFunction parse_expression(std::string_view text);

/// A formula in variables with any names, of letters, digits and underscores. Copies share the program.
class NamedExpression {
 public:
  NamedExpression(std::string text, std::vector<std::string> names, std::shared_ptr<const ExpressionProgram> program)
      : text_(std::move(text)), names_(std::move(names)), program_(std::move(program)) {}
  /// Without white space around it.
  const std::string& text() const { return text_; }
  /// The variables, each once, in the order in which the formula has them.
  const std::vector<std::string>& names() const { return names_; }
  /// `values` are those of names(). A condition is 1 or 0.
  double value(std::span<const double> values) const;

 private:
  std::string text_;
  std::vector<std::string> names_;
  std::shared_ptr<const ExpressionProgram> program_;
};

/// Throws ConfigError as parse_expression(), but any name that is no function and no constant is a variable.
NamedExpression parse_named_expression(std::string_view text);

}  // namespace hgq
