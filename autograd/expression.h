// A function written as a formula in x, in configs and model files: "x*x", "sin(3*x)", "x > 0 ? x : 0.1*x".
//
//   ops::UnaryFunction f = parse_expression("x * exp(-x^2)");
//
// Grammar, parsed by muParser: numbers with a decimal point in any locale (0.1, 1e-3), x, the constants pi and e; + - *
// / with their usual precedence, ^ or ** for powers (from the right; -x^2 is -(x^2)); < <= > >= == != && ||, which are
// 1 or 0; condition ? a : b; the functions of autograd/expression_program.h. Everything is computed in double, and the
// slope is exact (forward differentiation), not a difference.
//
// The result is not a muParser object, whose state cannot be shared, but a program made from its byte code: threads
// share it, and running it takes no memory.
#pragma once

#include <string>
#include <string_view>

#include "hgq/autograd/ops.h"

namespace hgq {

/// Whether a text is a formula, and not the name of a function. "x" alone is a formula.
bool is_expression(std::string_view text);

/// The function of a formula; its name is the text without white space around it. Throws ConfigError, with the place in
/// the text (characters are counted from 1), for an unknown name, an assignment, a formula that cannot be parsed, more
/// than 1000 characters, and parentheses nested deeper than 50.
ops::UnaryFunction parse_expression(std::string_view text);

}  // namespace hgq
