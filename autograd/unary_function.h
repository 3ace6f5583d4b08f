// A function of one number: what activations, formulas and the tables of a proxy are made of.
#pragma once

#include <functional>
#include <span>
#include <string>

namespace hgq {
struct Var;
}

namespace hgq::ops {

/// A function of one number, in double; all but the name and one of `value` and `record` may be left out.
struct UnaryFunction {
  std::string name;
  std::function<double(double)> value{};
  /// Gets x and f(x). Without it the slope is found from values: see numerical_derivative.
  std::function<double(double x, double y)> derivative{};
  /// Many values at once, y[i] the float32 next to value(x[i]) or a neighbour of it.
  std::function<void(std::span<const float> x, float* y)> values{};
  /// Many derivatives at once, of x and y.
  std::function<void(std::span<const float> x, const float* y, float* slope)> slopes{};
  /// By the tape: records the function of each element, which the tape differentiates; the others are not used then.
  std::function<Var(Var)> record{};
};
/// The slope of f at x by central differences that are extrapolated to steps of 0 (Ridders): 1e-9 relative or better
/// for smooth functions whose scale is not far from that of x or 1. At a kink it is the mean of both sides, so that of
/// |x| at 0 is 0; 0 at a jump; NaN where f is not finite on both sides. Calls f about 8 times, 30 at most.
double numerical_derivative(const std::function<double(double)>& f, double x);

}  // namespace hgq::ops
