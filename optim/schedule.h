// Learning rates that change with the step, with the names, arguments and formulas of Keras 2.15.
//
// Each schedule is a struct of its arguments, and a function of the step, which is counted from 0. A Schedule holds one
// of them, a constant, or a function of the user:
//
//   auto adam = hgq::Adam({.learning_rate = hgq::CosineDecay{.initial_learning_rate = 5e-3, .decay_steps = 1000}});
//   auto sgd  = hgq::SGD({.learning_rate = hgq::Schedule([](int64_t step) { return step < 100 ? 0.1F : 0.01F; })});
//
// Three things go beyond Keras:
// - with_warmup(steps, from): the rate rises linearly to the first value of the schedule, then the schedule begins.
// - flat_steps of the decays that end: the last `flat_steps` of decay_steps, or of each cycle with restarts, have the
//   end value, and the decay takes the steps before. A cycle of 100 steps with flat_steps 20 falls for 80 steps, is
//   constant for 20, and restarts at 100.
// - held_from(step): from that step on, the rate keeps the value of that step; for schedules that have no end.
//
// Arguments and results are rounded to float32, as in Keras. Everything else is computed in double, so that a restart
// begins exactly on its step. The tests compare with Keras to 1e-6.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace hgq {

/// initial_learning_rate * decay_rate^(step / decay_steps); with `staircase` the exponent is rounded down.
struct ExponentialDecay {
  double initial_learning_rate = 0;
  double decay_steps = 0;
  double decay_rate = 0;
  bool staircase = false;

  float operator()(int64_t step) const;
  void validate() const;
};

/// initial_learning_rate / (1 + decay_rate * step / decay_steps); with `staircase` step / decay_steps is rounded down.
struct InverseTimeDecay {
  double initial_learning_rate = 0;
  double decay_steps = 0;
  double decay_rate = 0;
  bool staircase = false;

  float operator()(int64_t step) const;
  void validate() const;
};

/// values[i] for boundaries[i - 1] < step <= boundaries[i]: a boundary itself still has the value before it.
struct PiecewiseConstantDecay {
  std::vector<double> boundaries;  // strictly rising
  std::vector<double> values;      // one more than boundaries

  float operator()(int64_t step) const;
  void validate() const;
};

/// (initial - end) * (1 - step / decay_steps)^power + end, and the end value from decay_steps on. With `cycle`,
/// decay_steps is instead multiplied by the smallest integer with which it reaches `step`, so that the rate rises
/// again.
struct PolynomialDecay {
  double initial_learning_rate = 0;
  double decay_steps = 0;
  double end_learning_rate = 0.0001;
  double power = 1;
  bool cycle = false;
  double flat_steps = 0;  // not with cycle

  float operator()(int64_t step) const;
  void validate() const;
};

/// initial * ((1 - alpha) * (1 + cos(pi * step / decay_steps)) / 2 + alpha), and initial * alpha from decay_steps on.
/// With `warmup_target` the rate first changes linearly from initial_learning_rate to that value over warmup_steps, and
/// the cosine starts there.
struct CosineDecay {
  double initial_learning_rate = 0;
  double decay_steps = 0;
  double alpha = 0;
  std::optional<double> warmup_target{};
  double warmup_steps = 0;  // of warmup_target; see with_warmup for another way
  double flat_steps = 0;

  float operator()(int64_t step) const;
  void validate() const;
};

/// A sequence of cosines that fall to initial * alpha. Each is t_mul times as long as the one before, and starts at
/// m_mul times its height.
struct CosineDecayRestarts {
  double initial_learning_rate = 0;
  double first_decay_steps = 0;
  double t_mul = 2;
  double m_mul = 1;
  double alpha = 0;
  double flat_steps = 0;  // of each cycle

  float operator()(int64_t step) const;
  void validate() const;
};

class Schedule {
 public:
  /// A constant; implicit, so that a number is a learning rate.
  Schedule(double constant) : constant_(static_cast<float>(constant)) {}  // NOLINT(google-explicit-constructor)

  /// Any function of the step. Throws ConfigError if it is one of the structs above with invalid arguments.
  template <typename Function>
  requires(std::is_invocable_r_v<float, const Function&, int64_t> && !std::same_as<Function, Schedule>)
      Schedule(Function function) {  // NOLINT(google-explicit-constructor)
    if constexpr (requires { function.validate(); }) function.validate();
    function_ = std::move(function);
  }

  /// The learning rate of a step, counted from 0.
  float operator()(int64_t step) const { return function_ ? function_(step) : constant_; }
  bool is_constant() const { return !function_; }

  /// from + (first value - from) * step / steps below `steps`, then this schedule from its beginning. Throws
  /// ConfigError for a negative number of steps or a rate that is negative or not finite.
  Schedule with_warmup(double steps, double from = 0) const;
  /// This schedule up to `step`, and its value at that step from then on. Throws ConfigError for a negative step.
  Schedule held_from(int64_t step) const;

 private:
  float constant_ = 0;
  std::function<float(int64_t)> function_;
};

}  // namespace hgq
