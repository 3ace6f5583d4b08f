// A metric that is watched: whether it improved, and for how many epochs it has not. For EarlyStopping,
// ReduceLROnPlateau, Checkpoint.
#pragma once

#include <cmath>
#include <string>

#include "hgq/callbacks/callback.h"
#include "hgq/callbacks/saved_state.h"
#include "hgq/config/config_reader.h"

namespace hgq {

struct Monitor {
  std::string metric = "val_loss";
  bool largest = false;
  double min_delta = 0;
  double best = std::nan("");
  int waited = 0;  // epochs since the last improvement

  /// Reads monitor, mode, min_delta, with Keras' meaning: mode auto takes max for names that hold "acc" or "auc".
  static Monitor from(ConfigReader& c, double min_delta_fallback);
  /// Updates best and waited; nullptr-like false where the epoch lacks the metric (`found`).
  bool improved(const Training& t, bool& found);

  // For a callback's state(), restore() and on_train_begin(): what a run that is continued must know.
  nlohmann::json state() const;
  void restore(const SavedState& state);
  /// Throws FileError where it has waited for more epochs than there were.
  void check(const Training& t) const;
};

}  // namespace hgq
