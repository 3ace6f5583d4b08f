// From a resolved config to the objects of a run: hooks for checking, model, losses, metrics, optimizer, callbacks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hgq/apps/run_config.h"
#include "hgq/callbacks/callback.h"
#include "hgq/data/data_sets.h"
#include "hgq/deploy/registry.h"
#include "hgq/layers/model.h"
#include "hgq/optim/optimizer_config.h"
#include "hgq/optim/train_step.h"

namespace hgq {

/// Checks of layers, quantizers, losses, optimizers, metrics, callbacks and data by those that implement them.
/// The registry must outlive the hooks.
ConfigHooks config_hooks(const Registry& registry);

/// Builds the model for inputs of these shapes. Errors are collected with the places of the layers.
Model make_model(const RunConfig& config, const std::map<std::string, Shape>& input_shapes, const LayerKinds& kinds,
                 ErrorList& errors);

/// What is known of a model's proxy before it is trained: why there will be none, and what its notes are. The model is
/// traced on a few made-up rows and exported; names and shapes alone count. It is as before when this returns.
struct ExportOutlook {
  std::vector<std::string> refused, notes;
};
ExportOutlook look_at_export(Model& model, const ProxyOptions& options);

/// Losses in the order of the outputs, weights, metrics.
Objective make_objective(const RunConfig& config, const TrainingKinds& kinds, ErrorList& errors);

/// The callbacks of a config, for a run in `folder`.
std::vector<std::unique_ptr<Callback>> make_callbacks(const RunConfig& config, const std::string& folder,
                                                      const CallbackKinds& kinds, ErrorList& errors);

}  // namespace hgq
