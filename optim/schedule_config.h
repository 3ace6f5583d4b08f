// Reads a learning rate of a config: a number, or a schedule with the name and arguments that it has in Keras.
//
//   learning_rate: 5.0e-3
//   learning_rate: {CosineDecay: {initial_learning_rate: 5.0e-3, decay_epochs: 90, warmup_epochs: 5}}
//   learning_rate: {CosineDecayRestarts: {initial_learning_rate: 3.0e-3, first_decay_epochs: 100, flat_epochs: 20}}
//   learning_rate: {PiecewiseConstantDecay: {boundaries_epochs: [30, 60], values: [1.0e-2, 1.0e-3, 1.0e-4]}}
//   learning_rate: {Constant: {learning_rate: 5.0e-3, warmup_steps: 500}}
//
// Lengths are in steps, that is in batches. Each `X_steps` can be given as `X_epochs` instead (`boundaries` as
// `boundaries_epochs`), which is multiplied by the steps of an epoch. They need not be integers. Every schedule has:
//   warmup_steps, warmup_from (0)   The rate first rises linearly from warmup_from to the first value of the schedule,
//                                   and then the schedule begins. CosineDecay with `warmup_target` of Keras uses
//                                   warmup_steps for that instead.
//   flat_steps                      The last value is held for the last steps: of decay_steps (CosineDecay,
//                                   PolynomialDecay) or of each cycle (CosineDecayRestarts), whose length does not
//                                   change, and of the training for the other schedules.
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

/// What a schedule must know about the training. The defaults are good enough to check a config without its data.
struct ScheduleContext {
  double steps_per_epoch = 1;
  int64_t total_steps =
      0;  // of the whole training; 0: not known, then flat_steps of a schedule without an end is ignored
  const TrainingKinds* kinds = nullptr;  // in which names are looked up (optim/kinds.h); nullptr: those of hgq
};

/// Reads the arguments of one schedule.
class ScheduleReader {
 public:
  /// `reader` reads the keys of the schedule. It and `context` must outlive this.
  ScheduleReader(ConfigReader& reader, const ScheduleContext& context) : c(reader), context_(context) {}

  /// The key initial_learning_rate, which is required.
  double initial();
  /// The value of STEM_steps, or of STEM_epochs times the steps of an epoch.
  double steps(const std::string& stem, const std::string& doc, const NumberRule& rule);
  /// The same, required and above 0.
  double length(const std::string& stem, const std::string& doc);
  /// The length in steps of the flat tail of a decay of `length` steps.
  double flat(double length);
  /// Reads the keys that every schedule has. Adds the warm-up unless the schedule has its own, and the flat tail unless
  /// flat() was called.
  Schedule finish(Schedule schedule, bool own_warmup = false);

  ConfigReader& c;  // NOLINT(misc-non-private-member-variables-in-classes): reads all other keys
  const ScheduleContext& context() const { return context_; }

 private:
  double flat_steps();
  void flat_error(const std::string& message);

  const ScheduleContext& context_;
  bool flat_read_ = false;
};

/// Reads the keys of a schedule and makes it. The result is not used if there was an error.
using MakeSchedule = Schedule (*)(ScheduleReader& reader);

/// Reads a number or a schedule; nullopt after an error. `docs`, if given, receives the documentation of the keys.
/// Throws ConfigError unless `context.steps_per_epoch` is above 0.
std::optional<Schedule> make_schedule(const Node& node, const ScheduleContext& context, ErrorList& errors,
                                      std::vector<KeyDoc>* docs = nullptr);

}  // namespace hgq
