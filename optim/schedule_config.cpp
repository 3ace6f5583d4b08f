#include "hgq/optim/schedule_config.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <utility>

#include "hgq/config/keras_object.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

constexpr NumberRule kRate{.required = true, .min = 0};
constexpr NumberRule kShare{.fallback = 0, .min = 0, .max = 1};
constexpr std::string_view kInitialDoc = "learning rate at the start";

/// Reads the arguments of one schedule.
class Reader {
 public:
  Reader(const KerasObject& object, const ScheduleContext& context, ErrorList& errors, std::vector<KeyDoc>* docs)
      : c(object.arguments, object.written, errors, docs), context_(context) {}

  double initial() { return c.number("initial_learning_rate", kInitialDoc, kRate); }

  /// `STEM_steps`, or `STEM_epochs` times the steps of an epoch.
  double steps(const std::string& stem, const std::string& doc, const NumberRule& rule) {
    const std::string in_steps = stem + "_steps";
    const std::string in_epochs = stem + "_epochs";
    if (c.has(in_epochs)) {
      c.known(in_steps);
      if (c.has(in_steps)) c.error(in_epochs, concat("is given beside ", in_steps, ", expected one of them"));
      return c.number(in_epochs, doc + ", in epochs", rule) * context_.steps_per_epoch;
    }
    const double value =
        c.number(in_steps, concat(doc, ", in steps", rule.required ? concat("; or ", in_epochs) : std::string()), rule);
    NumberRule optional = rule;
    optional.required = false;
    c.optional_number(in_epochs, concat(doc, ", in epochs instead of ", in_steps), optional);
    return value;
  }

  double length(const std::string& stem, const std::string& doc) {
    return steps(stem, doc, {.required = true, .fallback = 1, .min = 0, .above_min = true});
  }

  /// The flat tail of a decay of `length` steps.
  double flat(double length) {
    flat_read_ = true;
    const double flat = flat_steps();
    if (flat < length) return flat;
    flat_error(concat("the flat tail of ", flat, " steps leaves nothing of the ", length, " steps that it ends"));
    return 0;
  }

  /// Adds warm-up, and the flat tail where the schedule has none of its own.
  Schedule finish(Schedule schedule, bool own_warmup = false) {
    if (!own_warmup) {
      const double warmup =
          steps("warmup", "length of a linear rise before the schedule begins", {.fallback = 0, .min = 0});
      const double from = c.number("warmup_from", "learning rate at the start of the rise", {.fallback = 0, .min = 0});
      if (from != 0 && warmup == 0) c.error("warmup_from", "is given without warmup_steps or warmup_epochs");
      schedule = schedule.with_warmup(warmup, from);
    } else if (c.has("warmup_from")) {
      c.known("warmup_from");
      c.error("warmup_from", "does not go with warmup_target: the rise begins at initial_learning_rate");
    }
    if (!flat_read_) {
      const double flat = flat_steps();
      const double begin = static_cast<double>(context_.total_steps) - flat;
      if (flat > 0 && context_.total_steps > 0) {
        if (begin >= 1) {
          schedule = schedule.held_from(static_cast<int64_t>(std::floor(begin)) - 1);
        } else {
          flat_error(concat("the flat tail of ", flat, " steps leaves nothing of the ", context_.total_steps,
                            " steps of the training"));
        }
      }
    }
    c.known("name");  // Keras writes one
    c.finish();
    return schedule;
  }

  ConfigReader c;
  const ScheduleContext& context() const { return context_; }

 private:
  double flat_steps() {
    return steps("flat", "length of the tail that holds the last value", {.fallback = 0, .min = 0});
  }
  void flat_error(const std::string& message) { c.error(c.has("flat_epochs") ? "flat_epochs" : "flat_steps", message); }

  const ScheduleContext& context_;
  bool flat_read_ = false;
};

Schedule constant(Reader& r) { return r.finish(r.c.number("learning_rate", "the learning rate", kRate)); }

Schedule exponential(Reader& r) {
  ExponentialDecay s;
  s.initial_learning_rate = r.initial();
  s.decay_steps = r.length("decay", "length over which the rate falls by decay_rate");
  s.decay_rate = r.c.number("decay_rate", "factor per decay_steps", kRate);
  s.staircase = r.c.boolean("staircase", "fall once each decay_steps", false);
  return r.finish(s);
}

Schedule inverse_time(Reader& r) {
  InverseTimeDecay s;
  s.initial_learning_rate = r.initial();
  s.decay_steps = r.length("decay", "unit of time");
  s.decay_rate = r.c.number("decay_rate", "rate is initial / (1 + decay_rate * time)", kRate);
  s.staircase = r.c.boolean("staircase", "fall once each decay_steps", false);
  return r.finish(s);
}

Schedule piecewise(Reader& r) {
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

Schedule polynomial(Reader& r) {
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

Schedule cosine(Reader& r) {
  CosineDecay s;
  s.initial_learning_rate = r.initial();
  s.decay_steps = r.length("decay", "length of the decay");
  s.alpha = r.c.number("alpha", "lowest rate, as a share of the highest", kShare);
  s.warmup_target = r.c.optional_number("warmup_target", "learning rate at the end of Keras' own warm-up", {.min = 0});
  if (s.warmup_target)
    s.warmup_steps = r.steps("warmup", "length of the linear rise to warmup_target", {.fallback = 0, .min = 0});
  s.flat_steps = r.flat(s.decay_steps);
  return r.finish(s, s.warmup_target.has_value());
}

Schedule cosine_restarts(Reader& r) {
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

struct Entry {
  KerasName name;
  Schedule (*read)(Reader&);
};

constexpr std::array<Entry, 7> kTable{{
    {{"Constant", {"constant"}, "learning_rate"}, constant},
    {{"ExponentialDecay", {"exponential_decay"}}, exponential},
    {{"InverseTimeDecay", {"inverse_time_decay"}}, inverse_time},
    {{"PiecewiseConstantDecay", {"piecewise_constant_decay"}}, piecewise},
    {{"PolynomialDecay", {"polynomial_decay"}}, polynomial},
    {{"CosineDecay", {"cosine_decay"}}, cosine},
    {{"CosineDecayRestarts", {"cosine_decay_restarts"}}, cosine_restarts},
}};

constexpr auto kNames = [] {
  std::array<KerasName, kTable.size()> names{};
  for (size_t i = 0; i < names.size(); ++i) names[i] = kTable[i].name;
  return names;
}();

}  // namespace

std::vector<std::string> schedule_names() {
  std::vector<std::string> names;
  for (const KerasName& name : kNames) names.emplace_back(name.class_name);
  return names;
}

std::optional<Schedule> make_schedule(const Node& node, const ScheduleContext& context, ErrorList& errors,
                                      std::vector<KeyDoc>* docs) {
  HGQ_CHECK(context.steps_per_epoch > 0, ConfigError, "an epoch of ", context.steps_per_epoch,
            " steps has no schedule");
  const size_t before = errors.size();
  if (const auto number = decimal_number(node)) {
    if (*number >= 0) return *number;
    errors.add(node.place(), concat("learning_rate: found ", describe(node), ", expected a number of at least 0"));
    return std::nullopt;
  }
  const KerasObject object = read_keras_object(node, "a learning rate schedule", kNames, errors);
  if (object.name.empty()) return std::nullopt;
  const auto* entry = std::ranges::find(kTable, object.name, [](const Entry& e) { return e.name.class_name; });
  Reader reader(object, context, errors, docs);
  Schedule schedule = entry->read(reader);
  if (errors.size() > before) return std::nullopt;
  return schedule;
}

}  // namespace hgq
