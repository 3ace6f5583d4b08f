#include "hgq/callbacks/monitor.h"

namespace hgq {

Monitor Monitor::from(ConfigReader& c, double min_delta_fallback) {
  Monitor m;
  m.metric = c.text("monitor", "metric that is watched", "val_loss");
  const std::string mode = c.choice("mode", "whether large or small is good", {"auto", "min", "max"}, "auto");
  m.largest =
      mode == "max" ||
      (mode == "auto" && (m.metric.find("acc") != std::string::npos || m.metric.find("auc") != std::string::npos));
  m.min_delta = c.number("min_delta", "least change that counts", {.fallback = min_delta_fallback, .min = 0});
  return m;
}

bool Monitor::improved(const Training& t, bool& found) {
  const double* const value = t.logs.find(metric);
  found = value != nullptr;
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

}  // namespace hgq
