// Everything that a run needs for its first step: `hgq-train CONFIG` trains with it, and `check` only makes it.
//
//   PreparedRun run = prepare_run(config, registry, errors);
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hgq/apps/run_config.h"
#include "hgq/callbacks/callback.h"
#include "hgq/data/data_sets.h"
#include "hgq/deploy/model_extras.h"
#include "hgq/deploy/registry.h"
#include "hgq/layers/model.h"
#include "hgq/optim/optimizer.h"

namespace hgq {

struct PreparedRun {
  Model model;
  ModelExtras extras;
  DataSets sets;
  std::unique_ptr<Optimizer> optimizer;
  std::vector<TrainingPhase> phases;  // empty if the training has none and freezes nothing
  /// Lines about the data files, such as "39 rows, header, separator ;".
  std::vector<std::string> notes;
  /// Warnings about what is not wrong, but unusual: a line for each, with advice.
  std::vector<std::string> warnings;
};

/// Opens the data, builds the model for their shapes, reads labels and rows, makes losses, metrics, optimizer and
/// callbacks, and records the step. With model.weights the model has them; `checkpoint`, if it is not empty, is read in
/// place of that file, which a run that is resumed does not need any more. Errors of the config are added to `errors`,
/// and thrown together. Throws FileError, ConfigError or ShapeError if data, layers or callbacks do not fit. Writes
/// nothing. `watched`: metrics that are read of history.csv, by a sweep; one that is not measured is an error, too.
PreparedRun prepare_run(const RunConfig& config, const Registry& registry, ErrorList& errors,
                        const std::string& checkpoint = "", std::span<const WatchedMetric> watched = {});

}  // namespace hgq
