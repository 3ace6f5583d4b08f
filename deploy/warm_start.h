// Warm start: weights, bit widths and ranges of a saved model, put into another model by the names of its layers.
//
//   const WarmStart start = load_weights(model, "first/model.h5", built_in_registry());
//   start.loaded;  start.not_found;  start.extras.scaling;
//
// A layer takes what the layer of the same name in the file has: kernel, bias, bit widths, batch norm, ranges; beta
// stays that of the model. A bit width that the file has once for several weights is given to each of them, which
// changes no value. Layers that only one side has are told, and stay as they are.
#pragma once

#include <string>
#include <vector>

#include "hgq/deploy/model_extras.h"
#include "hgq/deploy/registry.h"
#include "hgq/layers/model.h"

namespace hgq {

struct WarmStart {
  std::vector<std::string> loaded;     // layers of the model, by the order of the model
  std::vector<std::string> not_found;  // layers of the model with weights that the file does not have
  std::vector<std::string> unused;     // layers of the file with weights that the model does not have
  std::vector<std::string> notes;      // a line for each layer that was found in part, or computes something else here
  std::vector<std::string> inputs;     // input layers of the file
  ModelExtras extras;                  // of the file; scaling in the order of `inputs`
};

/// Loads the weights from a file of hgq, a checkpoint included, or of Python HGQ. Throws FileError for a file that is
/// no such model, and ConfigError if no layer has a name that the file knows, or with a line for each weight whose
/// shape is another one; the model is unchanged then.
WarmStart load_weights(Model& model, const std::string& path, const Registry& registry);

}  // namespace hgq
