// All that a run is made of, up to its first step: what `hgq-train CONFIG` trains with, and what `check` looks at.
//
//   PreparedRun run = prepare_run(config, registry, errors);
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hgq/apps/run_config.h"
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
  /// What was found out about the data files, a line each ("39 rows, header, separator ;").
  std::vector<std::string> notes;
  /// What was found out that is not wrong, but that the user should know: a line each, with advice.
  std::vector<std::string> warnings;
};

/// Opens the data, builds the model for their shapes, reads labels and rows, makes losses, metrics, optimizer and
/// callbacks, and records the step. What is wrong with the config is added to `errors`, and thrown together; throws
/// FileError, ConfigError, ShapeError for data, layers or callbacks that do not fit. Writes nothing.
PreparedRun prepare_run(const RunConfig& config, const Registry& registry, ErrorList& errors);

}  // namespace hgq
