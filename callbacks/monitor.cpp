#include "hgq/callbacks/monitor.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"

namespace hgq {

Monitor Monitor::from(ConfigReader& c, double min_delta_fallback) {
  Monitor m;
  m.metric = c.text("monitor", "metric that is watched", "val_loss");
  const std::string mode =
      c.choice("mode", "whether larger (max) or smaller (min) values are better", {"auto", "min", "max"}, "auto");
  m.largest =
      mode == "max" ||
      (mode == "auto" && (m.metric.find("acc") != std::string::npos || m.metric.find("auc") != std::string::npos));
  m.min_delta = c.number("min_delta", "smallest change that counts as an improvement",
                         {.fallback = min_delta_fallback, .min = 0});
  m.when = Condition::from(c, "when",
                           "epochs in which this does not hold are passed over: they neither improve the metric nor "
                           "are waited for. With \"bops <= 3000\" the best epoch is one within this budget");
  return m;
}

bool Monitor::improved(const Training& t, bool& found) {
  const double* const value = t.logs.find(metric);
  found = value != nullptr && (!when || when->holds(t.logs).value_or(false));
  if (!found) return false;
  const bool better = std::isnan(best) || (largest ? *value > best + min_delta : *value < best - min_delta);
  if (better && !std::isnan(*value)) {
    best = *value;
    waited = 0;
    return true;
  }
  ++waited;
  return false;
}

std::vector<WatchedMetric> Monitor::watches(bool complete_logs) const {
  std::vector<WatchedMetric> watched{{.name = metric, .key = "monitor", .complete_logs = complete_logs}};
  if (when) when->add_watched(watched, "when", complete_logs);
  return watched;
}

nlohmann::json Monitor::state() const { return {{"best", exact_json(best)}, {"waited", waited}}; }

void Monitor::restore(const SavedState& state) {
  best = state.number("best");
  waited = static_cast<int>(state.integer("waited", 0, std::numeric_limits<int>::max()));
}

void Monitor::check(const Training& t) const {
  HGQ_CHECK(waited <= t.epoch, FileError, "the checkpoint is damaged: after ", t.epoch,
            " epochs a callback has waited ", waited, " epochs for '", metric, "' to improve");
}

}  // namespace hgq
