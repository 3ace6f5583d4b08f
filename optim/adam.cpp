#include <cmath>

#include "hgq/optim/kinds.h"
#include "hgq/optim/optimizer_detail.h"
#include "hgq/optim/optimizers.h"

namespace hgq {

using detail::checked_decay;
using detail::checked_positive;
using detail::float_power;
using detail::settings_of;

Adam::Adam(const AdamOptions& options)
    : Optimizer(settings_of(options)),
      beta_1_(checked_decay("Adam", "beta_1", options.beta_1)),
      beta_2_(checked_decay("Adam", "beta_2", options.beta_2)),
      epsilon_(checked_positive("Adam", "epsilon", options.epsilon)),
      amsgrad_(options.amsgrad) {}

std::vector<Optimizer::SlotSpec> Adam::slot_specs() const {
  if (amsgrad_) return {{"m"}, {"v"}, {"vhat"}};
  return {{"m"}, {"v"}};
}

void Adam::begin_step(int64_t t, float learning_rate) {
  alpha_ = learning_rate * std::sqrt(1.0F - float_power(beta_2_, t)) / (1.0F - float_power(beta_1_, t));
}

void Adam::apply(const ParameterUpdate& update) const {
  float* __restrict w = update.value;
  float* __restrict m = update.slots[0];
  float* __restrict v = update.slots[1];
  const float* __restrict gradient = update.gradient;
  const Clip clip = update.clip;
  const int64_t size = update.size;
  // The differences are Keras' own: taken in double, then rounded.
  const auto rate_1 = static_cast<float>(1 - beta_1_);
  const auto rate_2 = static_cast<float>(1 - beta_2_);
  const float alpha = alpha_;
  const float epsilon = epsilon_;
  if (!amsgrad_) {
#pragma omp simd
    for (int64_t i = 0; i < size; ++i) {
      const float g = clip(gradient[i]);
      m[i] += (g - m[i]) * rate_1;
      v[i] += (g * g - v[i]) * rate_2;
      w[i] -= m[i] * alpha / (std::sqrt(v[i]) + epsilon);
    }
    return;
  }
  float* __restrict vhat = update.slots[2];
#pragma omp simd
  for (int64_t i = 0; i < size; ++i) {
    const float g = clip(gradient[i]);
    m[i] += (g - m[i]) * rate_1;
    v[i] += (g * g - v[i]) * rate_2;
    vhat[i] = vhat[i] > v[i] ? vhat[i] : v[i];
    w[i] -= m[i] * alpha / (std::sqrt(vhat[i]) + epsilon);
  }
}

AdamW::AdamW(const AdamWOptions& options)
    : Adam({.learning_rate = options.learning_rate,
            .beta_1 = options.beta_1,
            .beta_2 = options.beta_2,
            .epsilon = options.epsilon,
            .amsgrad = options.amsgrad,
            .weight_decay = options.weight_decay,
            .clipnorm = options.clipnorm,
            .clipvalue = options.clipvalue,
            .global_clipnorm = options.global_clipnorm}) {}

Adamax::Adamax(const AdamaxOptions& options)
    : Optimizer(settings_of(options)),
      beta_1_(checked_decay("Adamax", "beta_1", options.beta_1)),
      beta_2_(static_cast<float>(checked_decay("Adamax", "beta_2", options.beta_2))),
      epsilon_(checked_positive("Adamax", "epsilon", options.epsilon)) {}

std::vector<Optimizer::SlotSpec> Adamax::slot_specs() const { return {{"m"}, {"u"}}; }

void Adamax::begin_step(int64_t t, float learning_rate) {
  learning_rate_ = learning_rate;
  correction_ = 1.0F - float_power(beta_1_, t);
}

void Adamax::apply(const ParameterUpdate& update) const {
  float* __restrict w = update.value;
  float* __restrict m = update.slots[0];
  float* __restrict u = update.slots[1];
  const float* __restrict gradient = update.gradient;
  const Clip clip = update.clip;
  const int64_t size = update.size;
  const auto rate_1 = static_cast<float>(1 - beta_1_);
  const float beta_2 = beta_2_;
  const float rate = learning_rate_;
  const float correction = correction_;
  const float epsilon = epsilon_;
#pragma omp simd
  for (int64_t i = 0; i < size; ++i) {
    const float g = clip(gradient[i]);
    m[i] += (g - m[i]) * rate_1;
    const float decayed = beta_2 * u[i];
    const float magnitude = std::fabs(g);
    u[i] = decayed > magnitude ? decayed : magnitude;
    w[i] -= rate * m[i] / (correction * (u[i] + epsilon));
  }
}

Nadam::Nadam(const NadamOptions& options)
    : Optimizer(settings_of(options)),
      beta_1_(static_cast<float>(checked_decay("Nadam", "beta_1", options.beta_1))),
      beta_2_(static_cast<float>(checked_decay("Nadam", "beta_2", options.beta_2))),
      epsilon_(checked_positive("Nadam", "epsilon", options.epsilon)) {}

std::vector<Optimizer::SlotSpec> Nadam::slot_specs() const { return {{"m"}, {"v"}}; }

std::vector<NamedSlot> Nadam::scalars() { return {{"u_product", {&u_product_, 1}}}; }

void Nadam::begin_step(int64_t t, float learning_rate) {
  const float u_t = beta_1_ * (1.0F - 0.5F * float_power(0.96, t));
  const float u_next = beta_1_ * (1.0F - 0.5F * float_power(0.96, t + 1));
  u_product_ *= u_t;
  step_ = {.learning_rate = learning_rate,
           .momentum = u_next,
           .momentum_correction = 1.0F - u_product_ * u_next,
           .gradient = 1.0F - u_t,
           .gradient_correction = 1.0F - u_product_,
           .v_correction = 1.0F - float_power(static_cast<double>(beta_2_), t)};
}

void Nadam::apply(const ParameterUpdate& update) const {
  float* __restrict w = update.value;
  float* __restrict m = update.slots[0];
  float* __restrict v = update.slots[1];
  const float* __restrict gradient = update.gradient;
  const Clip clip = update.clip;
  const int64_t size = update.size;
  const auto step = step_;
  const float rate_1 = 1.0F - beta_1_;
  const float rate_2 = 1.0F - beta_2_;
  const float epsilon = epsilon_;
#pragma omp simd
  for (int64_t i = 0; i < size; ++i) {
    const float g = clip(gradient[i]);
    m[i] += (g - m[i]) * rate_1;
    v[i] += (g * g - v[i]) * rate_2;
    const float m_hat = step.momentum * m[i] / step.momentum_correction + step.gradient * g / step.gradient_correction;
    w[i] -= m_hat * step.learning_rate / (std::sqrt(v[i] / step.v_correction) + epsilon);
  }
}

namespace {

template <typename Made, typename Options>
std::unique_ptr<Optimizer> make_adam(ConfigReader& c, const ScheduleContext& context) {
  Options o;
  read_adam_rates(c, o);
  o.amsgrad = c.boolean("amsgrad", "divide by the largest mean square so far", false);
  return finish_optimizer<Made>(c, context, o);
}

template <typename Made>
std::unique_ptr<Optimizer> make_adamax(ConfigReader& c, const ScheduleContext& context) {
  AdamaxOptions o;
  read_adam_rates(c, o);
  return finish_optimizer<Made>(c, context, o);
}

}  // namespace

void register_adam(TrainingKinds& kinds) {
  kinds.optimizers.add({.name = "Adam", .aliases = {"adam"}, .make = make_adam<Adam, AdamOptions>});
  kinds.optimizers.add({.name = "AdamW", .aliases = {"adamw"}, .make = make_adam<AdamW, AdamWOptions>});
  kinds.optimizers.add({.name = "Adamax", .aliases = {"adamax"}, .make = make_adamax<Adamax>});
  kinds.optimizers.add({.name = "Nadam", .aliases = {"nadam"}, .make = make_adamax<Nadam>});
}

}  // namespace hgq
