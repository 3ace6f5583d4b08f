// A model with what belongs to it beside its layers (deploy/model_extras.h), in the files that every command reads.
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

/// Throws FileError.
LoadedModel load_model_with_extras(const std::string& path, const Registry& registry);
/// The file for `path`, not yet written.
h5::File make_model_file_with_extras(Model& model, const ModelExtras& extras, const std::string& path);
/// Writes the file whole or not at all; throws FileError, or RunError where the disk fails.
void save_model_with_extras(Model& model, const ModelExtras& extras, const std::string& path);
/// The same for its proxy; `extras` are those of the model.
void save_proxy_with_extras(const ProxyModel& proxy, const ModelExtras& extras, const std::string& path);

/// Names of the input layers, and of the outputs.
std::vector<std::string> input_names(const Model& model);
std::vector<std::string> output_names(const Model& model);

}  // namespace hgq
