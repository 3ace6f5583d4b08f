#include "hgq/optim/schedule_config.h"

#include <cmath>

#include "hgq/core/error.h"
#include "hgq/optim/kinds.h"

namespace hgq {

double ScheduleReader::initial() {
  return c.number("initial_learning_rate", "learning rate at the start", NumberRule{.required = true, .min = 0});
}

double ScheduleReader::steps(const std::string& stem, const std::string& doc, const NumberRule& rule) {
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

double ScheduleReader::length(const std::string& stem, const std::string& doc) {
  return steps(stem, doc, {.required = true, .fallback = 1, .min = 0, .above_min = true});
}

double ScheduleReader::flat(double length) {
  flat_read_ = true;
  const double flat = flat_steps();
  if (flat < length) return flat;
  flat_error(concat("the flat tail of ", flat, " steps leaves nothing of the ", length, " steps that it ends"));
  return 0;
}

Schedule ScheduleReader::finish(Schedule schedule, bool own_warmup) {
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
  return schedule;
}

double ScheduleReader::flat_steps() {
  return steps("flat", "length of the tail that holds the last value", {.fallback = 0, .min = 0});
}

void ScheduleReader::flat_error(const std::string& message) {
  c.error(c.has("flat_epochs") ? "flat_epochs" : "flat_steps", message);
}

std::optional<Schedule> make_schedule(const Node& node, const ScheduleContext& context, ErrorList& errors,
                                      std::vector<KeyDoc>* docs) {
  HGQ_CHECK(context.steps_per_epoch > 0, ConfigError, "an epoch of ", context.steps_per_epoch,
            " steps has no schedule");
  if (const auto number = decimal_number(node)) {
    if (*number >= 0) return *number;
    errors.add(node.place(), concat("learning_rate: found ", describe(node), ", expected a number of at least 0"));
    return std::nullopt;
  }
  const TrainingKinds& kinds = context.kinds != nullptr ? *context.kinds : built_in_training_kinds();
  return kinds.schedules.make(node, errors, docs, [&](MakeSchedule make, ConfigReader& c) {
    ScheduleReader reader(c, context);
    return std::optional(make(reader));
  });
}

}  // namespace hgq
