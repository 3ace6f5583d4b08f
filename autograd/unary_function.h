// A function of one number. Activations, formulas and the tables of a proxy are made from it.
#pragma once

#include <functional>
#include <span>
#include <string>

namespace hgq {
struct Var;
}

namespace hgq::ops {

/// A function of one number, in double. Only the name and one of `value` and `record` are required.
struct UnaryFunction {
  std::string name;
  std::function<double(double)> value{};
  /// f'(x), given x and f(x). Without it, the slope is found by numerical_derivative().
  std::function<double(double x, double y)> derivative{};
  /// Many values at once: y[i] is the float32 that is nearest to value(x[i]), or a neighbour of it.
  std::function<void(std::span<const float> x, float* y)> values{};
  /// Many derivatives at once, given x and y.
  std::function<void(std::span<const float> x, const float* y, float* slope)> slopes{};
  /// Records the function of each element as operations, which the tape differentiates; if it is given, the tape does
  /// not use the other members.
  std::function<Var(Var)> record{};
};
/// The slope of f at x, by central differences that are extrapolated to a difference of 0 (Ridders). The relative error
/// is at most 1e-9 for smooth functions whose scale is not far from that of x or from 1. At a kink the result is the
/// mean of both sides, so that of |x| at 0 is 0; at a jump it is 0; it is NaN if f is not finite on both sides. Calls f
/// about 8 times, and at most 30 times.
double numerical_derivative(const std::function<double(double)>& f, double x);

}  // namespace hgq::ops
