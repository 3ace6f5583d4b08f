// All that a run is made of, up to its first step: what `hgq-train CONFIG` trains with, and what `check` looks at.
//
//   PreparedRun run = prepare_run(config, workers, errors);     // reads the data; throws, or adds to `errors`
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hgq/apps/model_extras.h"
#include "hgq/apps/run_config.h"
#include "hgq/data/data_sets.h"
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

/// Opens the data, builds the model for their shapes, reads labels and rows, makes losses, metrics and optimizer. What
/// is wrong with the config is added to `errors`, then thrown together; throws FileError, ConfigError, ShapeError for
/// data that do not fit.
PreparedRun prepare_run(const RunConfig& config, ErrorList& errors);

/// "layer 'h_dense': all of its values have 0 bits ...": layers of a traced model whose output is one number.
std::vector<std::string> collapsed_layers(const Model& model);

}  // namespace hgq
