#include "hgq/optim/objective.h"

#include <algorithm>

namespace hgq {

std::string Objective::name_of_weighted(const Metric& metric) const {
  const std::string name(metric.name());
  const auto has_name = [&](const MetricPtr& plain) { return plain->name() == name; };
  return std::ranges::any_of(metrics, has_name) ? "weighted_" + name : name;
}

std::vector<std::string> Objective::logged_names(std::span<const std::string> outputs) const {
  std::vector<std::string> names{"loss"};
  const bool several = outputs.size() > 1;
  for (size_t o = 0; several && o < outputs.size(); ++o) names.push_back(outputs[o] + "_loss");
  for (const std::string& output : outputs) {
    const std::string prefix = several ? output + "_" : "";
    for (const MetricPtr& metric : metrics) names.push_back(prefix + std::string(metric->name()));
    for (const MetricPtr& metric : weighted_metrics) names.push_back(prefix + name_of_weighted(*metric));
  }
  return names;
}

}  // namespace hgq
