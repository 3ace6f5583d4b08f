#include "hgq/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>

#include "hgq/core/error.h"

namespace hgq {
namespace {

/// Keras holds every argument as a float32.
double rounded(double argument) { return static_cast<double>(static_cast<float>(argument)); }

void check_rate(std::string_view schedule, std::string_view argument, double value) {
  HGQ_CHECK(std::isfinite(value) && value >= 0, ConfigError, schedule, ": ", argument, " is ", value,
            ", expected a finite number that is not negative");
}

void check_steps(std::string_view schedule, std::string_view argument, double value) {
  HGQ_CHECK(std::isfinite(value) && value > 0, ConfigError, schedule, ": ", argument, " is ", value,
            ", expected a number above 0");
}

void check_flat(std::string_view schedule, double flat_steps, double decay_steps) {
  HGQ_CHECK(flat_steps >= 0 && flat_steps < decay_steps, ConfigError, schedule, ": flat_steps is ", flat_steps,
            ", expected less than the ", decay_steps, " steps of the decay that it ends");
}

/// The share of a cycle's decay that is done after `step` steps; 1 in its flat tail.
double completed_fraction(double step, double cycle_steps, double flat_steps) {
  const double decay = cycle_steps - flat_steps;
  return decay > 0 ? std::min(step / decay, 1.0) : 1.0;
}

double cosine(double fraction) { return 0.5 * (1 + std::cos(std::numbers::pi * fraction)); }

struct Cycle {
  double index, start, length;
};

/// Where `step` stands in cycles of lengths first, first * ratio, first * ratio^2, ...
Cycle cycle_of(double step, double first, double ratio) {
  if (ratio == 1) {
    const double index = std::floor(step / first);
    return {index, index * first, first};
  }
  const auto cycle = [&](double index) {
    const double power = std::pow(ratio, index);
    return Cycle{index, first * (power - 1) / (ratio - 1), first * power};
  };
  // The logarithm may be off by a rounding at a restart: the starts themselves decide.
  const double guess = std::floor(std::log1p(step / first * (ratio - 1)) / std::log(ratio));
  Cycle found = cycle(std::max(guess - 1, 0.0));
  while (step >= found.start + found.length) found = cycle(found.index + 1);
  return found;
}

}  // namespace

float ExponentialDecay::operator()(int64_t step) const {
  const double exponent = static_cast<double>(step) / rounded(decay_steps);
  return static_cast<float>(rounded(initial_learning_rate) *
                            std::pow(rounded(decay_rate), staircase ? std::floor(exponent) : exponent));
}

void ExponentialDecay::validate() const {
  check_rate("ExponentialDecay", "initial_learning_rate", initial_learning_rate);
  check_steps("ExponentialDecay", "decay_steps", decay_steps);
  check_rate("ExponentialDecay", "decay_rate", decay_rate);
}

float InverseTimeDecay::operator()(int64_t step) const {
  const double quotient = static_cast<double>(step) / rounded(decay_steps);
  return static_cast<float>(rounded(initial_learning_rate) /
                            (1 + rounded(decay_rate) * (staircase ? std::floor(quotient) : quotient)));
}

void InverseTimeDecay::validate() const {
  check_rate("InverseTimeDecay", "initial_learning_rate", initial_learning_rate);
  check_steps("InverseTimeDecay", "decay_steps", decay_steps);
  check_rate("InverseTimeDecay", "decay_rate", decay_rate);
}

float PiecewiseConstantDecay::operator()(int64_t step) const {
  const auto next = std::lower_bound(boundaries.begin(), boundaries.end(), static_cast<double>(step));
  return static_cast<float>(values[static_cast<size_t>(next - boundaries.begin())]);
}

void PiecewiseConstantDecay::validate() const {
  HGQ_CHECK(values.size() == boundaries.size() + 1, ConfigError, "PiecewiseConstantDecay: ", boundaries.size(),
            " boundaries and ", values.size(), " values, expected one value more than boundaries");
  for (size_t i = 1; i < boundaries.size(); ++i) {
    HGQ_CHECK(boundaries[i - 1] < boundaries[i], ConfigError, "PiecewiseConstantDecay: boundary ", boundaries[i],
              " follows ", boundaries[i - 1], ", expected rising numbers");
  }
  for (const double value : values) check_rate("PiecewiseConstantDecay", "a value", value);
}

float PolynomialDecay::operator()(int64_t step) const {
  const double end = rounded(end_learning_rate);
  double length = rounded(decay_steps);
  const auto at = static_cast<double>(step);
  if (cycle && step > 0) length *= std::ceil(at / length);
  const double fraction = completed_fraction(at, length, cycle ? 0 : flat_steps);
  return static_cast<float>((rounded(initial_learning_rate) - end) * std::pow(1 - fraction, rounded(power)) + end);
}

void PolynomialDecay::validate() const {
  check_rate("PolynomialDecay", "initial_learning_rate", initial_learning_rate);
  check_steps("PolynomialDecay", "decay_steps", decay_steps);
  check_rate("PolynomialDecay", "end_learning_rate", end_learning_rate);
  check_rate("PolynomialDecay", "power", power);
  check_flat("PolynomialDecay", flat_steps, decay_steps);
  HGQ_CHECK(!cycle || flat_steps == 0, ConfigError, "PolynomialDecay: flat_steps and cycle exclude each other");
}

float CosineDecay::operator()(int64_t step) const {
  const double low = rounded(alpha);
  auto at = static_cast<double>(step);
  double from = rounded(initial_learning_rate);
  if (warmup_target) {
    const double target = rounded(*warmup_target);
    const double steps = rounded(warmup_steps);
    if (at < steps) return static_cast<float>((target - from) * (at / steps) + from);
    at -= steps;
    from = target;
  }
  return static_cast<float>(from *
                            ((1 - low) * cosine(completed_fraction(at, rounded(decay_steps), flat_steps)) + low));
}

void CosineDecay::validate() const {
  check_rate("CosineDecay", "initial_learning_rate", initial_learning_rate);
  check_steps("CosineDecay", "decay_steps", decay_steps);
  check_rate("CosineDecay", "alpha", alpha);
  if (warmup_target) check_rate("CosineDecay", "warmup_target", *warmup_target);
  check_rate("CosineDecay", "warmup_steps", warmup_steps);
  check_flat("CosineDecay", flat_steps, decay_steps);
}

float CosineDecayRestarts::operator()(int64_t step) const {
  const double low = rounded(alpha);
  const auto at = static_cast<double>(step);
  const Cycle cycle = cycle_of(at, rounded(first_decay_steps), rounded(t_mul));
  const double height = std::pow(rounded(m_mul), cycle.index);
  const double fraction = completed_fraction(at - cycle.start, cycle.length, flat_steps);
  return static_cast<float>(rounded(initial_learning_rate) * ((1 - low) * height * cosine(fraction) + low));
}

void CosineDecayRestarts::validate() const {
  check_rate("CosineDecayRestarts", "initial_learning_rate", initial_learning_rate);
  check_steps("CosineDecayRestarts", "first_decay_steps", first_decay_steps);
  HGQ_CHECK(std::isfinite(t_mul) && t_mul >= 1, ConfigError, "CosineDecayRestarts: t_mul is ", t_mul,
            ", expected a number of at least 1: the cycles may not shrink");
  check_rate("CosineDecayRestarts", "m_mul", m_mul);
  check_rate("CosineDecayRestarts", "alpha", alpha);
  check_flat("CosineDecayRestarts", flat_steps, first_decay_steps);
}

Schedule Schedule::with_warmup(double steps, double from) const {
  check_rate("warm-up", "warmup_steps", steps);
  check_rate("warm-up", "warmup_from", from);
  if (steps == 0) return *this;
  const double start = rounded(from);
  return [main = *this, steps, start](int64_t step) {
    const auto at = static_cast<double>(step);
    if (at >= steps) return main(step - static_cast<int64_t>(std::ceil(steps)));
    const double first = main(0);
    return static_cast<float>(start + (first - start) * (at / steps));
  };
}

Schedule Schedule::held_from(int64_t last) const {
  HGQ_CHECK(last >= 0, ConfigError, "a schedule cannot be held from step ", last, ", which lies before its beginning");
  if (is_constant()) return *this;
  return [main = *this, last](int64_t step) { return main(std::min(step, last)); };
}

}  // namespace hgq
