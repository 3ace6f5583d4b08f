// The schedules of Keras, and Constant: how each is read from a config.
#include <algorithm>
#include <functional>

#include "hgq/core/error.h"
#include "hgq/optim/kinds.h"

namespace hgq {
namespace {

constexpr NumberRule kRate{.required = true, .min = 0};
constexpr NumberRule kShare{.fallback = 0, .min = 0, .max = 1};

Schedule constant(ScheduleReader& r) { return r.finish(r.c.number("learning_rate", "the learning rate", kRate)); }

Schedule exponential(ScheduleReader& r) {
  ExponentialDecay s;
  s.initial_learning_rate = r.initial();
  s.decay_steps = r.length("decay", "length over which the rate falls by decay_rate");
  s.decay_rate = r.c.number("decay_rate", "factor per decay_steps", kRate);
  s.staircase = r.c.boolean("staircase", "fall once each decay_steps", false);
  return r.finish(s);
}

Schedule inverse_time(ScheduleReader& r) {
  InverseTimeDecay s;
  s.initial_learning_rate = r.initial();
  s.decay_steps = r.length("decay", "unit of time");
  s.decay_rate = r.c.number("decay_rate", "rate is initial / (1 + decay_rate * time)", kRate);
  s.staircase = r.c.boolean("staircase", "fall once each decay_steps", false);
  return r.finish(s);
}

Schedule piecewise(ScheduleReader& r) {
  const NumberRule boundary{.min = 0};
  PiecewiseConstantDecay s;
  const bool in_epochs = r.c.has("boundaries_epochs");
  if (in_epochs == r.c.has("boundaries"))
    r.c.error("boundaries", "expected one of 'boundaries' and 'boundaries_epochs'");
  s.boundaries =
      r.c.numbers("boundaries", "last steps of all values but the last; required, or boundaries_epochs", {}, boundary);
  std::vector<double> epochs =
      r.c.numbers("boundaries_epochs", "the same in epochs, instead of boundaries", {}, boundary);
  if (in_epochs) {
    for (double& b : epochs) b *= r.context().steps_per_epoch;
    s.boundaries = epochs;
  }
  s.values = r.c.numbers("values", "learning rates, one more than boundaries", {}, {.required = true, .min = 0});
  const std::string key = in_epochs ? "boundaries_epochs" : "boundaries";
  if (!std::ranges::is_sorted(s.boundaries, std::less_equal<>())) {
    r.c.error(key, "expected rising numbers");
    s.boundaries.clear();
    s.values.assign(1, 0.0);
  }
  if (s.values.size() != s.boundaries.size() + 1) {
    if (r.c.has("values"))
      r.c.error("values", concat("found ", s.values.size(), " values for ", s.boundaries.size(),
                                 " boundaries, expected one more than boundaries"));
    s.values.resize(s.boundaries.size() + 1);
  }
  return r.finish(s);
}

Schedule polynomial(ScheduleReader& r) {
  PolynomialDecay s;
  s.initial_learning_rate = r.initial();
  s.decay_steps = r.length("decay", "length of the decay");
  s.end_learning_rate =
      r.c.number("end_learning_rate", "learning rate at its end", {.fallback = s.end_learning_rate, .min = 0});
  s.power = r.c.number("power", "exponent of the polynomial", {.fallback = s.power, .min = 0});
  s.cycle = r.c.boolean("cycle", "rise anew after decay_steps", false);
  s.flat_steps = r.flat(s.decay_steps);
  if (s.cycle && s.flat_steps > 0) {
    r.c.error("cycle", "does not go with flat_steps");
    s.flat_steps = 0;
  }
  return r.finish(s);
}

Schedule cosine(ScheduleReader& r) {
  CosineDecay s;
  s.initial_learning_rate = r.initial();
  s.decay_steps = r.length("decay", "length of the decay");
  s.alpha = r.c.number("alpha", "lowest rate, as a share of the highest", kShare);
  s.warmup_target = r.c.optional_number("warmup_target", "learning rate at the end of Keras' own warm-up", {.min = 0});
  if (s.warmup_target)
    s.warmup_steps = r.steps("warmup", "length of the linear rise to warmup_target", {.fallback = 0, .min = 0});
  // Keras' long form has the key, null by default, and then ignores its warmup_steps.
  const Node* const steps = r.c.map().find("warmup_steps");
  const bool ignored_by_keras = r.c.map().find("warmup_target") != nullptr && !s.warmup_target && steps != nullptr &&
                                decimal_number(*steps).value_or(0) > 0;
  if (ignored_by_keras)
    r.c.error("warmup_steps",
              "Keras makes no warm-up if warmup_target is null; give a warmup_target, or leave that key out for a rise "
              "from warmup_from");
  s.flat_steps = r.flat(s.decay_steps);
  return r.finish(s, s.warmup_target.has_value());
}

Schedule cosine_restarts(ScheduleReader& r) {
  CosineDecayRestarts s;
  s.initial_learning_rate = r.initial();
  s.first_decay_steps = r.length("first_decay", "length of the first cycle");
  s.t_mul =
      r.c.number("t_mul", "each cycle is so many times as long as the one before", {.fallback = s.t_mul, .min = 1});
  s.m_mul = r.c.number("m_mul", "and begins at so many times its rate", {.fallback = s.m_mul, .min = 0});
  s.alpha = r.c.number("alpha", "lowest rate, as a share of the first", kShare);
  s.flat_steps = r.flat(s.first_decay_steps);
  return r.finish(s);
}

}  // namespace

void register_schedules(TrainingKinds& kinds) {
  kinds.schedules.add({.name = "Constant", .aliases = {"constant"}, .scalar = "learning_rate", .make = constant});
  kinds.schedules.add({.name = "ExponentialDecay", .aliases = {"exponential_decay"}, .make = exponential});
  kinds.schedules.add({.name = "InverseTimeDecay", .aliases = {"inverse_time_decay"}, .make = inverse_time});
  kinds.schedules.add({.name = "PiecewiseConstantDecay", .aliases = {"piecewise_constant_decay"}, .make = piecewise});
  kinds.schedules.add({.name = "PolynomialDecay", .aliases = {"polynomial_decay"}, .make = polynomial});
  kinds.schedules.add({.name = "CosineDecay", .aliases = {"cosine_decay"}, .make = cosine});
  kinds.schedules.add({.name = "CosineDecayRestarts", .aliases = {"cosine_decay_restarts"}, .make = cosine_restarts});
}

}  // namespace hgq
