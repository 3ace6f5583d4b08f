// Watches a metric: whether it has improved, and for how many epochs it has not. EarlyStopping, ReduceLROnPlateau and
// Checkpoint use it.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "hgq/callbacks/callback.h"
#include "hgq/callbacks/condition.h"
#include "hgq/callbacks/saved_state.h"
#include "hgq/config/config_reader.h"

namespace hgq {

struct Monitor {
  std::string metric = "val_loss";
  bool largest = false;
  double min_delta = 0;
  std::optional<Condition> when{};  // epochs in which it does not hold count for nothing
  double best = std::nan("");
  int waited = 0;  // epochs since the last improvement

  /// Reads the keys monitor, mode and min_delta, with their meaning in Keras: mode `auto` is `max` for names that
  /// contain "acc" or "auc"; and `when`.
  static Monitor from(ConfigReader& c, double min_delta_fallback);
  /// Updates `best` and `waited`, and returns whether the metric has improved. `found` tells whether the epoch has it,
  /// and `when` holds; if not, the result is false, and nothing changes.
  bool improved(const Training& t, bool& found);

  /// What a callback that uses it watches.
  std::vector<WatchedMetric> watches(bool complete_logs = false) const;

  // For state(), restore() and on_train_begin() of a callback: what a resumed run must know.
  nlohmann::json state() const;
  void restore(const SavedState& state);
  /// Throws FileError if it has waited for more epochs than there were.
  void check(const Training& t) const;
};

}  // namespace hgq
