// The phases of a training in a config, with the layers that are frozen, and as the callback that makes them happen.
//
//   train:
//     epochs: 120
//     freeze: [inp_q]                                   # in all phases that do not say otherwise
//     phases:
//       - {epochs: 20, beta: 0, learning_rate: 5.0e-3}  # first without a price on bits
//       - {beta: {from: 1.0e-6, to: 1.0e-4}}            # the rest of train.epochs
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hgq/apps/layer_list.h"
#include "hgq/callbacks/phases.h"
#include "hgq/config/config_reader.h"
#include "hgq/config/node.h"
#include "hgq/layers/model.h"
#include "hgq/optim/optimizer.h"

namespace hgq {

struct RunConfig;
struct TrainingKinds;

/// What a phase gives; the rest is that of the whole training.
struct PhaseConfig {
  std::string place;
  int64_t epochs = 0;  // 0, in the last phase alone: what the others leave of train.epochs
  std::optional<BetaRange> beta;
  Node learning_rate;  // a number or a schedule; null if it is not given
  std::optional<PlacedNames> freeze;
};

/// Reads names of layers to freeze, which may be none.
PlacedNames read_freeze(const Node& node, const std::string& where, ErrorList& errors);

/// Reads train.phases.
std::vector<PhaseConfig> read_phases(const Node& node, ErrorList& errors, std::vector<KeyDoc>* docs = nullptr);

/// Makes train.epochs that of the phases if it is not given. Returns what is wrong with them; empty if nothing is.
std::string fit_epochs(const std::vector<PhaseConfig>& phases, bool is_given, int64_t& epochs);

/// The phases as train.phases; the last one without epochs, so that a run can be resumed for more.
Node to_node(const std::vector<PhaseConfig>& phases);

/// The phases of a run, empty if it has none and freezes no layer: a phase that does not give what another one gives
/// has that of the whole training. `optimizer` is that of the config, before a checkpoint is read. Names of layers that
/// the model does not have, and wrong schedules, are added to `errors`.
std::vector<TrainingPhase> training_phases(const RunConfig& config, const Model& model, const Optimizer& optimizer,
                                           double steps_per_epoch, const TrainingKinds& kinds, ErrorList& errors);

}  // namespace hgq
