// Whether somebody measures what callbacks watch: a slip in a name, a validation set that is not there, or BOPs that no
// callback counts would else make a callback that never acts.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hgq/callbacks/callback.h"

namespace hgq {

/// What is wrong with a metric that a callback watches, or with a name in the logs.
struct UnmeasuredMetric {
  size_t callback = 0;  // its place in the list
  std::string key;      // of its config
  std::string message;  // "EarlyStopping: nobody measures 'val_los', did you mean 'val_loss'?"
};

/// `measured`: names of the training's loss and metrics (Objective::logged_names); with a validation set they are there
/// with val_ in front, too. An entry of `callbacks` may be nullptr.
std::vector<UnmeasuredMetric> find_unmeasured(std::span<const std::unique_ptr<Callback>> callbacks,
                                              std::span<const std::string> measured, bool validation);

/// Names that stand for two things, as 'val_loss' does where an output is called 'val': a line each.
std::vector<std::string> ambiguous_names(std::span<const std::unique_ptr<Callback>> callbacks,
                                         std::span<const std::string> measured, bool validation);

/// Throws ConfigError with all of the above.
void check_watched(std::span<const std::unique_ptr<Callback>> callbacks, std::span<const std::string> measured,
                   bool validation);

}  // namespace hgq
