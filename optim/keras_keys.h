// The keys that Keras writes for its own use when it saves an optimizer, a loss or a metric, so that what
// keras.losses.serialize() and the like give can stand in a config as it is:
//
//   loss: {class_name: Huber, config: {delta: 2.0, reduction: auto, name: huber_loss, fn: huber}}
//
// A key that changes no number is accepted with any value, one that would change numbers only with the value that
// means what hgq does. Any other value is an error that gives the reason.
#pragma once

#include <optional>

#include "hgq/config/config_reader.h"

namespace hgq {

// Each marks the keys of one sort of thing as known, and adds an error for each value that hgq cannot follow. They are
// called before ConfigReader::finish(); the keys are not in the reference.
void read_keras_optimizer_keys(ConfigReader& c);
void read_keras_loss_keys(ConfigReader& c);
void read_keras_metric_keys(ConfigReader& c);

/// The keys of Keras' cross-entropies. Returns `from_logits`, if it is given.
std::optional<bool> read_keras_crossentropy_keys(ConfigReader& c);
/// Those of Keras' BinaryAccuracy and AUC.
void read_keras_binary_accuracy_keys(ConfigReader& c);
void read_keras_auc_keys(ConfigReader& c);

}  // namespace hgq
