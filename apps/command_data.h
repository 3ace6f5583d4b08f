// The data of the commands eval, predict, trace and verify: from the options of the command line, and otherwise from
// the model.
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

/// The data of a command, scaled as the model requires. Without `outputs`, only the inputs. The names of the arrays are
/// those of the command line, otherwise those in the model, otherwise x and y; it is an error if one array would then
/// be used for two that were different in training. `sample_weights` is the option of the command line; empty: none.
/// Standard error gets a line about the data of the command, and about the format of CSV files. Throws FileError or
/// ConfigError, also if the command would write to a file of the data, and ShapeError if an input has samples of
/// another shape.
std::unique_ptr<Dataset> load_command_data(const DataCommand& command, const ModelExtras& extras,
                                           const std::vector<FieldSpec>& inputs, const std::vector<OutputSpec>& outputs,
                                           const std::string& sample_weights = "");

}  // namespace hgq
