// Freezing layers: their weights and bit widths stay as they are while the others are trained.
//
//   freeze_layers(model, std::vector<std::string>{"inp_q", "h_dense"});    // these, and no others
//   freeze_layers(model, {});                                              // all layers are trained again
//
// A frozen layer also keeps the moving mean and variance of its batch norm, and computes with them as in evaluation, as
// Keras does; the ranges of its quantizers are still recorded. Its BOPs and regularizers still count in the loss.
// Freezing is not stored in files: the key `trainable` of a layer is what a file keeps.
//
// A tape that was recorded before knows nothing of the change: ModelComputation::record_again() (optim/train_step.h).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hgq/layers/model.h"

namespace hgq {

/// Freezes the layers with these names, and no others. A name is that of a layer, with or without those of the nested
/// models around it ("encoder/h_dense"), or that of a nested model, which stands for all layers in it. Returns whether
/// anything changed. Throws ConfigError for a name that the model does not have.
bool freeze_layers(const Model& model, std::span<const std::string> names);

/// Those of the names that the model does not have.
std::vector<std::string> unknown_layers(const Model& model, std::span<const std::string> names);

/// All names that freeze_layers() takes, each once: of layers, and of nested models.
std::vector<std::string> names_to_freeze(const Model& model);

}  // namespace hgq
