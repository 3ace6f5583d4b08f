// Checks that everything that callbacks watch is measured, and that no two of them set beta. A misspelled name, a
// missing validation set, or BOPs that no callback counts would otherwise give a callback that never acts.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hgq/callbacks/callback.h"

namespace hgq {

/// What is wrong with a metric that a callback watches, or with a callback beside another.
struct UnmeasuredMetric {
  size_t callback = 0;  // its index in the list
  std::string key;      // of its config
  std::string message;  // "EarlyStopping: monitor: 'val_los' is not measured, did you mean 'val_loss'?"
};

/// `measured` are the names of loss and metrics of the training (Objective::logged_names); with a validation set, the
/// same names with val_ in front are measured, too. An entry of `callbacks` may be nullptr.
std::vector<UnmeasuredMetric> find_unmeasured(std::span<const std::unique_ptr<Callback>> callbacks,
                                              std::span<const std::string> measured, bool validation);

/// Names that have two meanings, as 'val_loss' does if an output is called 'val'.
std::vector<std::string> ambiguous_names(std::span<const std::unique_ptr<Callback>> callbacks,
                                         std::span<const std::string> measured, bool validation);

/// The message about such a name.
std::string two_values_called(const std::string& name);

/// Callbacks that set the beta of the model, or write a file, after another that does; `key` is empty.
std::vector<UnmeasuredMetric> find_rivals(std::span<const std::unique_ptr<Callback>> callbacks);

/// Throws ConfigError with all of the above.
void check_watched(std::span<const std::unique_ptr<Callback>> callbacks, std::span<const std::string> measured,
                   bool validation);

}  // namespace hgq
