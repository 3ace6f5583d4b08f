#include "hgq/core/error.h"
#include "hgq/optim/kinds.h"
#include "hgq/optim/optimizer_detail.h"
#include "hgq/optim/optimizers.h"

namespace hgq {

SGD::SGD(const SGDOptions& options)
    : Optimizer(detail::settings_of(options)),
      momentum_(static_cast<float>(options.momentum)),
      nesterov_(options.nesterov) {
  HGQ_CHECK(options.momentum >= 0 && options.momentum <= 1, ConfigError, "SGD: momentum is ", options.momentum,
            ", expected a number from 0 to 1");
}

std::vector<Optimizer::SlotSpec> SGD::slot_specs() const {
  if (momentum_ > 0) return {{"m"}};
  return {};
}

void SGD::begin_step(int64_t /*t*/, float learning_rate) { learning_rate_ = learning_rate; }

void SGD::apply(const ParameterUpdate& update) const {
  float* __restrict w = update.value;
  const float* __restrict gradient = update.gradient;
  const Clip clip = update.clip;
  const int64_t size = update.size;
  const float rate = learning_rate_;
  if (momentum_ == 0) {
#pragma omp simd
    for (int64_t i = 0; i < size; ++i) w[i] -= clip(gradient[i]) * rate;
    return;
  }
  float* __restrict m = update.slots[0];
  const float momentum = momentum_;
  if (!nesterov_) {
#pragma omp simd
    for (int64_t i = 0; i < size; ++i) {
      m[i] = m[i] * momentum - clip(gradient[i]) * rate;
      w[i] += m[i];
    }
    return;
  }
#pragma omp simd
  for (int64_t i = 0; i < size; ++i) {
    const float push = clip(gradient[i]) * rate;
    m[i] = m[i] * momentum - push;
    w[i] += m[i] * momentum - push;
  }
}

void register_sgd(TrainingKinds& kinds) {
  const auto make = [](ConfigReader& c, const ScheduleContext& context) {
    SGDOptions o;
    o.momentum = c.number("momentum", "share of the last step that is repeated", {.fallback = 0, .min = 0, .max = 1});
    o.nesterov = c.boolean("nesterov", "look ahead along the momentum", false);
    return finish_optimizer<SGD>(c, context, o);
  };
  kinds.optimizers.add({.name = "SGD", .aliases = {"sgd"}, .make = make});
}

}  // namespace hgq
