// The data of the commands eval, predict, trace and verify: what the command line says over what the model brings.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hgq/apps/commands.h"
#include "hgq/data/data_sets.h"
#include "hgq/data/dataset.h"
#include "hgq/deploy/model_extras.h"

namespace hgq {

/// The inputs of a model, in order: their names, and the shapes of a sample.
std::vector<FieldSpec> inputs_of(const Model& model);

/// The data of a command, scaled as the model wants them. `outputs`: empty for inputs alone. Names: the command's, else
/// the model's own, else x and y; these are refused where one array would be taken for two that were apart in training.
/// `sample_weights`: as on the command line; empty: none. What the command runs on, and how CSV files were read, is
/// told on standard error. Throws FileError, ConfigError, and ShapeError where an input has samples of another shape.
std::unique_ptr<Dataset> load_command_data(const DataCommand& command, const ModelExtras& extras,
                                           const std::vector<FieldSpec>& inputs, const std::vector<OutputSpec>& outputs,
                                           const std::string& sample_weights = "");

/// Throws ConfigError where `out` is one of the files that the command reads: it would be lost.
void refuse_overwriting(const std::string& out, const std::vector<std::string>& read);
/// The same for the data of a command, --data and the files that --inputs names.
void refuse_overwriting_data(const std::string& out, const DataCommand& command);

}  // namespace hgq
