#include "hgq/optim/objective.h"

#include <algorithm>

namespace hgq {
namespace {

std::vector<MetricPtr> joined(std::vector<MetricPtr> all, const std::vector<std::vector<MetricPtr>>& own,
                              size_t output) {
  if (output < own.size()) all.insert(all.end(), own[output].begin(), own[output].end());
  return all;
}

}  // namespace

Objective Objective::without_teacher() const {
  Objective alone = *this;
  alone.distillation = {};
  return alone;
}

std::vector<MetricPtr> Objective::metrics_of(size_t output) const { return joined(metrics, output_metrics, output); }

std::vector<MetricPtr> Objective::weighted_metrics_of(size_t output) const {
  return joined(weighted_metrics, weighted_output_metrics, output);
}

std::string Objective::name_of_weighted(const Metric& metric, size_t output) const {
  const std::string name(metric.logged_name());
  const auto has_name = [&](const MetricPtr& plain) { return plain->logged_name() == name; };
  return std::ranges::any_of(metrics_of(output), has_name) ? "weighted_" + name : name;
}

std::vector<std::string> Objective::logged_names(std::span<const std::string> outputs) const {
  std::vector<std::string> names{"loss"};
  const bool several = outputs.size() > 1;
  for (size_t o = 0; several && o < outputs.size(); ++o) names.push_back(outputs[o] + "_loss");
  if (has_teacher()) names.insert(names.end(), {"task_loss", "distillation_loss"});
  for (size_t o = 0; o < outputs.size(); ++o) {
    const std::string prefix = several ? outputs[o] + "_" : "";
    for (const MetricPtr& metric : metrics_of(o)) names.push_back(prefix + std::string(metric->logged_name()));
    for (const MetricPtr& metric : weighted_metrics_of(o)) names.push_back(prefix + name_of_weighted(*metric, o));
  }
  return names;
}

bool Objective::names_are_known() const {
  for (size_t o = 0; o < losses.size(); ++o) {
    for (const auto& list : {metrics_of(o), weighted_metrics_of(o)}) {
      if (std::ranges::any_of(list, [](const MetricPtr& m) { return m->has_several_values(); })) return false;
    }
  }
  return true;
}

}  // namespace hgq
