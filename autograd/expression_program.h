// The program made from a formula in x: a list of instructions for a stack, run for many values of x at once, with or
// without slopes.
//
// Slopes are exact: each instruction passes on its derivative along with its value (forward differentiation), in
// double. Where a function has a kink (abs, min, max) the slope is the mean of both sides, so that of abs(x) at 0 is 0;
// that of relu at 0 is 0, as everywhere in hgq. A jump (sign, floor, comparisons) adds nothing to the slope. A part
// that does not depend on x has slope 0, even if its function is infinitely steep there.
//
// A program does not change once it is made, and a run keeps no state in it and allocates no memory, so threads can
// share it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace hgq {

/// A value on the stack, for several x at once.
struct ExpressionBlock {
  static constexpr int64_t kSize = 32;
  std::array<double, kSize> value;
  std::array<double, kSize> slope;
};

/// A function for formulas. `apply` replaces the first argument with the result.
struct ExpressionFunction {
  static constexpr int kAnyNumber = -1;

  std::string_view name;
  int arguments = 1;  // kAnyNumber: one or more
  void (*apply)(std::span<ExpressionBlock> arguments, int64_t count, bool slopes) = nullptr;
};

/// The functions of one number: sin cos tan asin acos atan sinh cosh tanh exp expm1 log (natural) log1p log2 log10 sqrt
/// abs sign floor erf sigmoid relu; of two: pow; of one or more: min and max.
std::span<const ExpressionFunction> expression_functions();

class ExpressionProgram {
 public:
  enum class Code : uint8_t {
    kNumber,
    kX,
    kNegate,
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kPower,
    kLess,
    kLessOrEqual,
    kGreater,
    kGreaterOrEqual,
    kEqual,
    kNotEqual,
    kAnd,
    kOr,
    kSelect,  // of a condition, the value if it is not 0, and the value if it is 0
    kCall
  };
  struct Instruction {
    Code code = Code::kNumber;
    double number = 0;                             // of kNumber
    const ExpressionFunction* function = nullptr;  // of kCall
    int arguments = 0;                             // of kCall
    int variable = 0;                              // of kX, where there are several
  };
  /// The most values that the stack may hold.
  static constexpr int kMostValues = 64;

  /// Returns false if the stack would hold more than kMostValues. The instructions before this one must leave the
  /// arguments that it takes.
  bool add(const Instruction& instruction);

  /// y[i] = f(x[i]), computed in double.
  void values(std::span<const float> x, float* y) const;
  /// slope[i] = f'(x[i])
  void slopes(std::span<const float> x, float* slope) const;
  double value(double x) const;
  double slope(double x) const;
  /// f(variables), in double, of a formula in several; a value for each Instruction::variable.
  double value_of(std::span<const double> variables) const;

 private:
  using Stack = std::array<ExpressionBlock, kMostValues>;
  /// Leaves the results for `count` numbers, at most ExpressionBlock::kSize, in stack[0]. `x` holds so many values of
  /// the first variable, then of the second, and so on.
  void run(const double* x, int64_t count, bool slopes, Stack& stack) const;

  std::vector<Instruction> instructions_;
  int depth_ = 0;
};

}  // namespace hgq
