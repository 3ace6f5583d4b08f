#include "hgq/autograd/expression_program.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hgq {
namespace {

using Block = ExpressionBlock;
using Code = ExpressionProgram::Code;

/// A slope times the argument's own slope in x; 0 if the argument does not depend on x, even if the slope is infinite.
double chain(double slope, double inner) { return inner == 0.0 ? 0.0 : slope * inner; }

double sign(double x) { return x > 0.0 ? 1.0 : (x < 0.0 ? -1.0 : x); }

/// A function of one number, given by its value and by its slope as a function of x and y.
template <typename Value, typename Slope>
ExpressionFunction one(std::string_view name, Value /*value*/, Slope /*slope*/) {
  return {name, 1, [](std::span<Block> a, int64_t count, bool slopes) {
            Block& block = a.front();
            for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
              const double x = block.value[i];
              const double y = Value{}(x);
              if (slopes) block.slope[i] = chain(Slope{}(x, y), block.slope[i]);
              block.value[i] = y;
            }
          }};
}

/// The smallest (kSign 1) or the largest (kSign -1) of all arguments; the mean of the slopes if two are equal.
template <int kSign>
void extreme(std::span<Block> a, int64_t count, bool slopes) {
  Block& best = a.front();
  for (const Block& other : a.subspan(1)) {
    for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
      const double difference = kSign * (other.value[i] - best.value[i]);
      if (slopes && difference == 0.0) best.slope[i] = 0.5 * (best.slope[i] + other.slope[i]);
      if (slopes && difference < 0.0) best.slope[i] = other.slope[i];
      if (!(difference >= 0.0)) best.value[i] = std::isnan(best.value[i]) ? best.value[i] : other.value[i];
    }
  }
}

void power(Block& base, const Block& exponent, int64_t count, bool slopes) {
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    const double b = base.value[i];
    const double e = exponent.value[i];
    const double y = e == 2.0 ? b * b : std::pow(b, e);
    if (slopes) {
      const double by_base = e == 0.0 ? 0.0 : (e == 2.0 ? 2.0 * b : e * std::pow(b, e - 1.0));
      const double by_exponent = exponent.slope[i] == 0.0 || y == 0.0 ? 0.0 : y * std::log(b);
      base.slope[i] = chain(by_base, base.slope[i]) + chain(by_exponent, exponent.slope[i]);
    }
    base.value[i] = y;
  }
}

/// a = f(a, b) with slope g(a, a', b, b').
template <typename Value, typename Slope>
void combine(Block& a, const Block& b, int64_t count, bool slopes, Value value, Slope slope) {
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    if (slopes) a.slope[i] = slope(a.value[i], a.slope[i], b.value[i], b.slope[i]);
    a.value[i] = value(a.value[i], b.value[i]);
  }
}

template <typename Holds>
void compare(Block& a, const Block& b, int64_t count, bool slopes, Holds holds) {
  combine(
      a, b, count, slopes, [&](double p, double q) { return holds(p, q) ? 1.0 : 0.0; },
      [](double, double, double, double) { return 0.0; });
}

void operate(Code code, Block& a, const Block& b, int64_t n, bool s) {
  using D = double;
  switch (code) {
    case Code::kAdd:
      return combine(
          a, b, n, s, [](D p, D q) { return p + q; }, [](D, D dp, D, D dq) { return dp + dq; });
    case Code::kSubtract:
      return combine(
          a, b, n, s, [](D p, D q) { return p - q; }, [](D, D dp, D, D dq) { return dp - dq; });
    case Code::kMultiply:
      return combine(
          a, b, n, s, [](D p, D q) { return p * q; }, [](D p, D dp, D q, D dq) { return chain(q, dp) + chain(p, dq); });
    case Code::kDivide:
      return combine(
          a, b, n, s, [](D p, D q) { return p / q; },
          [](D p, D dp, D q, D dq) { return chain(1.0 / q, dp) - chain(p / (q * q), dq); });
    case Code::kPower:
      return power(a, b, n, s);
    case Code::kLess:
      return compare(a, b, n, s, [](D p, D q) { return p < q; });
    case Code::kLessOrEqual:
      return compare(a, b, n, s, [](D p, D q) { return p <= q; });
    case Code::kGreater:
      return compare(a, b, n, s, [](D p, D q) { return p > q; });
    case Code::kGreaterOrEqual:
      return compare(a, b, n, s, [](D p, D q) { return p >= q; });
    case Code::kEqual:
      return compare(a, b, n, s, [](D p, D q) { return p == q; });
    case Code::kNotEqual:
      return compare(a, b, n, s, [](D p, D q) { return p != q; });
    case Code::kAnd:
      return compare(a, b, n, s, [](D p, D q) { return p != 0.0 && q != 0.0; });
    case Code::kOr:
      return compare(a, b, n, s, [](D p, D q) { return p != 0.0 || q != 0.0; });
    default:
      return;
  }
}

void select(std::span<Block> a, int64_t count, bool slopes) {
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    const Block& chosen = a[0].value[i] != 0.0 ? a[1] : a[2];
    a[0].value[i] = chosen.value[i];
    if (slopes) a[0].slope[i] = chosen.slope[i];
  }
}

/// How many values an instruction takes from the stack; it leaves one.
int taken(const ExpressionProgram::Instruction& instruction) {
  switch (instruction.code) {
    case Code::kNumber:
    case Code::kX:
      return 0;
    case Code::kNegate:
      return 1;
    case Code::kSelect:
      return 3;
    case Code::kCall:
      return instruction.arguments;
    default:
      return 2;
  }
}

}  // namespace

std::span<const ExpressionFunction> expression_functions() {
  using D = double;
  using std::numbers::ln10;
  using std::numbers::ln2;
  static const std::array kFunctions{
      one(
          "sin", [](D x) { return std::sin(x); }, [](D x, D) { return std::cos(x); }),
      one(
          "cos", [](D x) { return std::cos(x); }, [](D x, D) { return -std::sin(x); }),
      one(
          "tan", [](D x) { return std::tan(x); }, [](D, D y) { return 1.0 + y * y; }),
      one(
          "asin", [](D x) { return std::asin(x); }, [](D x, D) { return 1.0 / std::sqrt((1.0 - x) * (1.0 + x)); }),
      one(
          "acos", [](D x) { return std::acos(x); }, [](D x, D) { return -1.0 / std::sqrt((1.0 - x) * (1.0 + x)); }),
      one(
          "atan", [](D x) { return std::atan(x); }, [](D x, D) { return 1.0 / (1.0 + x * x); }),
      one(
          "sinh", [](D x) { return std::sinh(x); }, [](D x, D) { return std::cosh(x); }),
      one(
          "cosh", [](D x) { return std::cosh(x); }, [](D x, D) { return std::sinh(x); }),
      one(
          "tanh", [](D x) { return std::tanh(x); }, [](D, D y) { return (1.0 - y) * (1.0 + y); }),
      one(
          "exp", [](D x) { return std::exp(x); }, [](D, D y) { return y; }),
      one(
          "expm1", [](D x) { return std::expm1(x); }, [](D, D y) { return y + 1.0; }),
      one(
          "log", [](D x) { return std::log(x); }, [](D x, D) { return 1.0 / x; }),
      one(
          "log1p", [](D x) { return std::log1p(x); }, [](D x, D) { return 1.0 / (1.0 + x); }),
      one(
          "log2", [](D x) { return std::log2(x); }, [](D x, D) { return 1.0 / (x * ln2); }),
      one(
          "log10", [](D x) { return std::log10(x); }, [](D x, D) { return 1.0 / (x * ln10); }),
      one(
          "sqrt", [](D x) { return std::sqrt(x); }, [](D, D y) { return 0.5 / y; }),
      one(
          "abs", [](D x) { return std::abs(x); }, [](D x, D) { return sign(x); }),
      one(
          "sign", [](D x) { return sign(x); }, [](D, D) { return 0.0; }),
      one(
          "floor", [](D x) { return std::floor(x); }, [](D, D) { return 0.0; }),
      one(
          "erf", [](D x) { return std::erf(x); },
          [](D x, D) { return 2.0 * std::numbers::inv_sqrtpi * std::exp(-x * x); }),
      one(
          "sigmoid", [](D x) { return 1.0 / (1.0 + std::exp(-x)); }, [](D, D y) { return y * (1.0 - y); }),
      one(
          "relu", [](D x) { return x <= 0.0 ? 0.0 : x; }, [](D x, D) { return x > 0.0 ? 1.0 : 0.0; }),
      ExpressionFunction{"pow", 2,
                         [](std::span<Block> a, int64_t count, bool slopes) { power(a[0], a[1], count, slopes); }},
      ExpressionFunction{"min", ExpressionFunction::kAnyNumber, extreme<1>},
      ExpressionFunction{"max", ExpressionFunction::kAnyNumber, extreme<-1>},
  };
  return kFunctions;
}

bool ExpressionProgram::add(const Instruction& instruction) {
  depth_ += 1 - taken(instruction);
  instructions_.push_back(instruction);
  return depth_ >= 1 && depth_ <= kMostValues;
}

void ExpressionProgram::run(const double* x, int64_t count, bool slopes, Stack& stack) const {
  const auto size = static_cast<size_t>(count);
  size_t top = 0;  // values on the stack
  for (const Instruction& instruction : instructions_) {
    top -= static_cast<size_t>(taken(instruction));
    Block& a = stack[top];
    switch (instruction.code) {
      case Code::kNumber:
        std::fill_n(a.value.begin(), count, instruction.number);
        if (slopes) std::fill_n(a.slope.begin(), count, 0.0);
        break;
      case Code::kX:
        std::copy_n(x + instruction.variable * count, count, a.value.begin());
        if (slopes) std::fill_n(a.slope.begin(), count, 1.0);
        break;
      case Code::kNegate:
        for (size_t i = 0; i < size; ++i) a.value[i] = -a.value[i];
        for (size_t i = 0; slopes && i < size; ++i) a.slope[i] = -a.slope[i];
        break;
      case Code::kSelect:
        select({&a, 3}, count, slopes);
        break;
      case Code::kCall:
        instruction.function->apply({&a, static_cast<size_t>(instruction.arguments)}, count, slopes);
        break;
      default:
        operate(instruction.code, a, stack[top + 1], count, slopes);
    }
    ++top;
  }
}

void ExpressionProgram::values(std::span<const float> x, float* y) const {
  Stack stack;
  std::array<double, Block::kSize> in;
  for (size_t begin = 0; begin < x.size(); begin += in.size()) {
    const size_t n = std::min(in.size(), x.size() - begin);
    for (size_t i = 0; i < n; ++i) in[i] = static_cast<double>(x[begin + i]);
    run(in.data(), static_cast<int64_t>(n), false, stack);
    for (size_t i = 0; i < n; ++i) y[begin + i] = static_cast<float>(stack[0].value[i]);
  }
}

void ExpressionProgram::slopes(std::span<const float> x, float* slope) const {
  Stack stack;
  std::array<double, Block::kSize> in;
  for (size_t begin = 0; begin < x.size(); begin += in.size()) {
    const size_t n = std::min(in.size(), x.size() - begin);
    for (size_t i = 0; i < n; ++i) in[i] = static_cast<double>(x[begin + i]);
    run(in.data(), static_cast<int64_t>(n), true, stack);
    for (size_t i = 0; i < n; ++i) slope[begin + i] = static_cast<float>(stack[0].slope[i]);
  }
}

double ExpressionProgram::value(double x) const {
  Stack stack;
  run(&x, 1, false, stack);
  return stack[0].value[0];
}

double ExpressionProgram::slope(double x) const {
  Stack stack;
  run(&x, 1, true, stack);
  return stack[0].slope[0];
}

double ExpressionProgram::value_of(std::span<const double> variables) const {
  Stack stack;
  run(variables.data(), 1, false, stack);
  return stack[0].value[0];
}

}  // namespace hgq
