// What the commands on trained models share: the model with its extras, and its inputs as arrays.
#pragma once

#include <string>
#include <vector>

#include "hgq/apps/model_extras.h"
#include "hgq/data/dataset.h"
#include "hgq/data/h5.h"
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
/// Keeps the extras and whatever else the model's own group held that is known here.
void save_model_with_extras(Model& model, const ModelExtras& extras, const std::string& path);

/// Names of the input layers, and of the outputs.
std::vector<std::string> input_names(const Model& model);
std::vector<std::string> output_names(const Model& model);

/// Rows that are predicted at once.
inline constexpr int64_t kPredictedRows = 16384;

std::vector<ConstTensorView> views_of(const std::vector<Tensor>& tensors);

}  // namespace hgq
