// Phases of a training: from epoch to epoch another learning rate, another beta, other layers that are trained.
//
//   std::vector<TrainingPhase> phases(2);
//   phases[0].epochs = 20;
//   phases[0].beta = BetaRange{0, 0};                                // first without a price on bits
//   phases[1].beta = BetaRange{1e-6, 1e-6};
//   phases[1].freeze = {"inp_q"};                                    // until the training ends
//   trainer.add(make_phases(phases));                                // before all other callbacks
//
// A phase sets what it gives, all of it at its first epoch; what it does not give stays as it was before, so each phase
// of a training gives the same things. Moments of the optimizer go on from phase to phase. Phases remember nothing:
// what holds in an epoch follows from its number, so a run that is resumed within a phase does the same.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hgq/callbacks/callback.h"
#include "hgq/config/config_reader.h"
#include "hgq/optim/schedule.h"

namespace hgq {

/// The strength of the BOPs term over the epochs of a phase: from the first to the last one, in steps of equal ratio if
/// `logarithmic`, otherwise of equal size.
struct BetaRange {
  double from = 0;
  double to = 0;
  bool logarithmic = false;

  /// That of epoch `epoch` of `epochs`, counted from 0; `to` from the last one on.
  double at(int64_t epoch, int64_t epochs) const;
};

/// Reads the keys scale, from, to. Errors are added to those of the reader.
BetaRange read_beta_range(ConfigReader& c);

struct TrainingPhase {
  /// 0 in the last phase: until the training ends.
  int64_t epochs = 0;
  /// Epochs of `beta`; 0: those of the phase.
  int64_t beta_epochs = 0;
  std::optional<BetaRange> beta{};
  /// Steps are counted from the first of the phase, or, with `is_schedule_of_all`, of the training.
  std::optional<Schedule> learning_rate{};
  bool is_schedule_of_all = false;
  /// Names as for freeze_layers() (layers/freeze.h); none: all layers are trained.
  std::optional<std::vector<std::string>> freeze{};
};

/// Throws ConfigError if there is no phase, if one before the last has no epochs, or if the last one has a beta that
/// changes over epochs that are not known.
std::unique_ptr<Callback> make_phases(std::vector<TrainingPhase> phases);

}  // namespace hgq
