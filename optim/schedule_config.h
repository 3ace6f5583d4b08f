// Reads a learning rate of a config: a number, or a schedule by its Keras name and arguments.
//
//   learning_rate: 5.0e-3
//   learning_rate: {CosineDecay: {initial_learning_rate: 5.0e-3, decay_epochs: 90, warmup_epochs: 5}}
//   learning_rate: {CosineDecayRestarts: {initial_learning_rate: 3.0e-3, first_decay_epochs: 100, flat_epochs: 20}}
//   learning_rate: {PiecewiseConstantDecay: {boundaries_epochs: [30, 60], values: [1.0e-2, 1.0e-3, 1.0e-4]}}
//   learning_rate: {Constant: {learning_rate: 5.0e-3, warmup_steps: 500}}
//
// Lengths are in steps; each `X_steps` can be given as `X_epochs` instead (`boundaries` as `boundaries_epochs`), then
// times the steps of an epoch. They need not be whole numbers. Every schedule also takes
//   warmup_steps, warmup_from (0)   the rate first rises linearly from warmup_from to the schedule's first value,
//                                   then the schedule begins. CosineDecay with Keras' own `warmup_target` uses its
//                                   warmup_steps for that.
//   flat_steps                      the last steps hold the last value: of decay_steps (CosineDecay, PolynomialDecay)
//                                   or of each cycle (CosineDecayRestarts), which keep their length; of the training
//                                   for the other schedules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hgq/config/config_reader.h"
#include "hgq/config/node.h"
#include "hgq/optim/schedule.h"

namespace hgq {

struct TrainingKinds;

/// What a schedule must know of the training. The defaults do for checking a config before its data are known.
struct ScheduleContext {
  double steps_per_epoch = 1;
  int64_t total_steps =
      0;  // of the whole training; 0: not known, and flat_steps of a schedule without an end is ignored
  const TrainingKinds* kinds = nullptr;  // where names are looked up (optim/kinds.h); nullptr: those of hgq
};

/// Reads the arguments of one schedule.
class ScheduleReader {
 public:
  /// `reader` of the schedule's map.
  ScheduleReader(ConfigReader& reader, const ScheduleContext& context) : c(reader), context_(context) {}

  double initial();
  /// `STEM_steps`, or `STEM_epochs` times the steps of an epoch.
  double steps(const std::string& stem, const std::string& doc, const NumberRule& rule);
  /// The same, required and above 0.
  double length(const std::string& stem, const std::string& doc);
  /// The flat tail of a decay of `length` steps.
  double flat(double length);
  /// Adds warm-up, unless the schedule has its own, and the flat tail where the schedule has none of its own.
  Schedule finish(Schedule schedule, bool own_warmup = false);

  ConfigReader& c;  // NOLINT(misc-non-private-member-variables-in-classes): what is read beside the above
  const ScheduleContext& context() const { return context_; }

 private:
  double flat_steps();
  void flat_error(const std::string& message);

  const ScheduleContext& context_;
  bool flat_read_ = false;
};

using MakeSchedule = Schedule (*)(ScheduleReader& reader);

/// nullopt after an error. `docs`, if given, receives the keys.
std::optional<Schedule> make_schedule(const Node& node, const ScheduleContext& context, ErrorList& errors,
                                      std::vector<KeyDoc>* docs = nullptr);

}  // namespace hgq
