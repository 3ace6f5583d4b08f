// Reads and writes a model together with its extras (deploy/model_extras.h), in the files that every command reads.
//
//   LoadedModel loaded = load_model_with_extras("model.h5", built_in_registry());
//   const std::vector<Tensor> y = Predictor(loaded.model, workers).run({{x.view()}});
#pragma once

#include <string>
#include <vector>

#include "hgq/data/h5.h"
#include "hgq/deploy/model_extras.h"
#include "hgq/deploy/registry.h"
#include "hgq/layers/model.h"
#include "hgq/proxy/model.h"

namespace hgq {

struct LoadedModel {
  Model model;
  ModelExtras extras;
};

/// Reads a file of hgq. Throws FileError, or ConfigError if the file names a loss or metric that `registry` lacks.
LoadedModel load_model_with_extras(const std::string& path, const Registry& registry);
/// The contents of the file that save_model_with_extras() writes, in memory; `path` is its name in messages.
h5::File make_model_file_with_extras(Model& model, const ModelExtras& extras, const std::string& path);
/// Writes the file whole or not at all. Throws FileError, or RunError if the disk fails.
void save_model_with_extras(Model& model, const ModelExtras& extras, const std::string& path);
/// The same for the proxy of the model. `extras` are those of the model; names of layers are adapted, and the functions
/// that make the outputs are added.
void save_proxy_with_extras(const ProxyModel& proxy, const Model& model, const ModelExtras& extras,
                            const std::string& path);

/// The names of the input layers and of the output layers, in the order of Model::inputs() and Model::outputs().
std::vector<std::string> input_names(const Model& model);
std::vector<std::string> output_names(const Model& model);

}  // namespace hgq
