#include <cmath>

#include "hgq/core/error.h"
#include "hgq/optim/kinds.h"
#include "hgq/optim/optimizer_detail.h"
#include "hgq/optim/optimizers.h"

namespace hgq {

using detail::checked_decay;
using detail::checked_positive;
using detail::settings_of;

RMSprop::RMSprop(const RMSpropOptions& options)
    : Optimizer(settings_of(options)),
      rho_(checked_decay("RMSprop", "rho", options.rho)),
      momentum_(static_cast<float>(options.momentum)),
      epsilon_(checked_positive("RMSprop", "epsilon", options.epsilon)),
      centered_(options.centered) {
  HGQ_CHECK(options.momentum >= 0 && options.momentum <= 1, ConfigError, "RMSprop: momentum is ", options.momentum,
            ", expected a number from 0 to 1");
}

std::vector<Optimizer::SlotSpec> RMSprop::slot_specs() const {
  std::vector<SlotSpec> specs{{"velocity"}};
  if (momentum_ > 0) specs.push_back({"momentum"});
  if (centered_) specs.push_back({"average_gradient"});
  return specs;
}

void RMSprop::begin_step(int64_t /*t*/, float learning_rate) { learning_rate_ = learning_rate; }

void RMSprop::apply(const ParameterUpdate& update) const {
  float* __restrict w = update.value;
  float* __restrict velocity = update.slots[0];
  const float* __restrict gradient = update.gradient;
  const Clip clip = update.clip;
  const int64_t size = update.size;
  const auto rho = static_cast<float>(rho_);
  const auto rest = static_cast<float>(1 - rho_);
  const float rate = learning_rate_;
  const float epsilon = epsilon_;
  const float momentum = momentum_;
  // One loop for each of the four variants: a slot that is not there must not be touched.
  const auto loop = [&](auto square_of_mean, auto move) {
#pragma omp simd
    for (int64_t i = 0; i < size; ++i) {
      const float g = clip(gradient[i]);
      velocity[i] = rho * velocity[i] + rest * (g * g);
      const float increment = rate * g / std::sqrt(velocity[i] - square_of_mean(i, g) + epsilon);
      w[i] -= move(i, increment);
    }
  };
  const auto no_mean = [](int64_t, float) { return 0.0F; };
  const auto plain = [](int64_t, float increment) { return increment; };
  float* __restrict mean = centered_ ? update.slots[momentum > 0 ? 2 : 1] : nullptr;
  float* __restrict m = momentum > 0 ? update.slots[1] : nullptr;
  const auto with_mean = [mean, rho, rest](int64_t i, float g) {
    mean[i] = rho * mean[i] + rest * g;
    return mean[i] * mean[i];
  };
  const auto with_momentum = [m, momentum](int64_t i, float increment) { return m[i] = momentum * m[i] + increment; };
  if (centered_ && momentum > 0) {
    loop(with_mean, with_momentum);
  } else if (centered_) {
    loop(with_mean, plain);
  } else if (momentum > 0) {
    loop(no_mean, with_momentum);
  } else {
    loop(no_mean, plain);
  }
}

Adagrad::Adagrad(const AdagradOptions& options)
    : Optimizer(settings_of(options)),
      start_(checked_positive("Adagrad", "initial_accumulator_value", options.initial_accumulator_value)),
      epsilon_(checked_positive("Adagrad", "epsilon", options.epsilon)) {}

std::vector<Optimizer::SlotSpec> Adagrad::slot_specs() const { return {{"accumulator", start_}}; }

void Adagrad::begin_step(int64_t /*t*/, float learning_rate) { learning_rate_ = learning_rate; }

void Adagrad::apply(const ParameterUpdate& update) const {
  float* __restrict w = update.value;
  float* __restrict accumulator = update.slots[0];
  const float* __restrict gradient = update.gradient;
  const Clip clip = update.clip;
  const int64_t size = update.size;
  const float rate = learning_rate_;
  const float epsilon = epsilon_;
#pragma omp simd
  for (int64_t i = 0; i < size; ++i) {
    const float g = clip(gradient[i]);
    accumulator[i] += g * g;
    w[i] -= rate * g / std::sqrt(accumulator[i] + epsilon);
  }
}

namespace {

std::unique_ptr<Optimizer> make_rmsprop(ConfigReader& c, const ScheduleContext& context) {
  RMSpropOptions o;
  o.rho = c.number("rho", "decay of the mean of squared gradients",
                   {.fallback = o.rho, .min = 0, .max = 1, .below_max = true});
  o.momentum = c.number("momentum", "share of the last step that is repeated", {.fallback = 0, .min = 0, .max = 1});
  o.epsilon = c.number("epsilon", "added to the mean square", {.fallback = o.epsilon, .min = 0});
  o.centered = c.boolean("centered", "take the square of the mean gradient off", false);
  return finish_optimizer<RMSprop>(c, context, o);
}

std::unique_ptr<Optimizer> make_adagrad(ConfigReader& c, const ScheduleContext& context) {
  AdagradOptions o;
  o.initial_accumulator_value = c.number("initial_accumulator_value", "sum of squared gradients at the start",
                                         {.fallback = o.initial_accumulator_value, .min = 0});
  o.epsilon = c.number("epsilon", "added to the sum of squares", {.fallback = o.epsilon, .min = 0});
  return finish_optimizer<Adagrad>(c, context, o);
}

}  // namespace

void register_rmsprop(TrainingKinds& kinds) {
  kinds.optimizers.add({.name = "RMSprop", .aliases = {"rmsprop"}, .make = make_rmsprop});
  kinds.optimizers.add({.name = "Adagrad", .aliases = {"adagrad"}, .make = make_adagrad});
}

}  // namespace hgq
