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

/// Hooks that check layers, quantizers, losses, optimizers, metrics, callbacks and data with the kinds of the registry,
/// which must outlive the hooks.
ConfigHooks config_hooks(const Registry& registry);

/// Makes the model for inputs of these shapes. Errors are added to `errors`, with the places of the layers.
Model make_model(const RunConfig& config, const std::map<std::string, Shape>& input_shapes, const LayerKinds& kinds,
                 ErrorList& errors);

/// What is known about the proxy of a model before the training: why there will be none, and its notes. To find this
/// out, the model is traced on a few invented rows and exported; only names and shapes matter. The model is unchanged
/// when this returns.
struct ExportOutlook {
  std::vector<std::string> refused, notes;
  std::string no_rtl;  // why there will be no RTL; empty if nothing is known against it, or `rtl` is nullptr
};
ExportOutlook look_at_export(Model& model, const ProxyOptions& options, const RtlSettings* rtl);

/// The losses in the order of the outputs, their weights, and the metrics.
Objective make_objective(const RunConfig& config, const TrainingKinds& kinds, ErrorList& errors);

/// The callbacks of a config, for a run in `folder`.
std::vector<std::unique_ptr<Callback>> make_callbacks(const RunConfig& config, const std::string& folder,
                                                      const CallbackKinds& kinds, ErrorList& errors);

}  // namespace hgq
