// What the commands on trained models share: the model with its extras, and data brought into its form.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hgq/apps/commands.h"
#include "hgq/apps/model_extras.h"
#include "hgq/data/data_sets.h"
#include "hgq/data/dataset.h"
#include "hgq/data/h5.h"
#include "hgq/layers/model.h"
#include "hgq/layers/proxy/model.h"

namespace hgq {

struct LoadedModel {
  Model model;
  ModelExtras extras;
};

/// Throws FileError.
LoadedModel load_model_with_extras(const std::string& path);
/// The file for `path`, not yet written.
h5::File make_model_file_with_extras(Model& model, const ModelExtras& extras, const std::string& path);
/// Keeps the extras and whatever else the model's own group held that is known here.
void save_model_with_extras(Model& model, const ModelExtras& extras, const std::string& path);

/// Names of the input layers, and of the outputs.
std::vector<std::string> input_names(const Model& model);
std::vector<std::string> output_names(const Model& model);

/// The data of a command, scaled as the model wants them. `outputs`: empty for inputs alone. Names: the command's, else
/// the model's own, else x and y. `sample_weights`: as on the command line; empty: none. Throws FileError, ConfigError.
std::unique_ptr<Dataset> load_command_data(const DataCommand& command, const ModelExtras& extras,
                                           const std::vector<std::string>& inputs,
                                           const std::vector<OutputSpec>& outputs,
                                           const std::string& sample_weights = "");

/// All rows of the inputs, as arrays.
std::vector<Tensor> all_inputs(const Dataset& data);
std::vector<ConstTensorView> views_of(const std::vector<Tensor>& tensors);

}  // namespace hgq
