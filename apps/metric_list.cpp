#include "hgq/apps/metric_list.h"

#include <algorithm>
#include <array>

#include "hgq/apps/run_config.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"

namespace hgq {
namespace {

/// The items of a list of metrics; a single one counts as a list of one.
std::vector<Node> metrics_in(const Node& node) { return node.is_list() ? node.items() : std::vector<Node>{node}; }

/// Makes the metrics of one of the two keys.
class MetricMaker {
 public:
  MetricMaker(const std::vector<std::string>& outputs, const TrainingKinds& kinds, const Objective& objective,
              ErrorList& errors)
      : outputs_(outputs), kinds_(kinds), objective_(objective), errors_(errors), names_(outputs.size()) {}

  void make(const std::vector<MetricConfig>& configs, std::vector<MetricPtr>& of_all,
            std::vector<std::vector<MetricPtr>>& of_outputs) {
    for (const MetricConfig& config : configs) {
      const MetricPtr metric = make_metric(config.metric, kinds_.metrics, errors_);
      const auto named = std::ranges::find(outputs_, config.output);
      for (size_t o = 0; o < outputs_.size(); ++o) {
        if (metric != nullptr && (config.output.empty() || config.output == outputs_[o])) check(config, *metric, o);
      }
      if (config.output.empty()) {
        of_all.push_back(metric);
      } else if (named != outputs_.end()) {
        of_outputs.resize(outputs_.size());
        of_outputs[static_cast<size_t>(named - outputs_.begin())].push_back(metric);
      }
    }
  }

 private:
  void check(const MetricConfig& config, const Metric& metric, size_t output) {
    if (output < objective_.losses.size() && objective_.losses[output] != nullptr) {
      try {
        metric.check_fits(*objective_.losses[output]);
      } catch (const ConfigError& e) {
        const bool several = outputs_.size() > 1 && config.output.empty();
        errors_.add(config.metric.place(),
                    concat(e.what(), several ? concat(" (of output '", outputs_[output],
                                                      "'; metrics: {OUTPUT: [...], ...} gives each its own)")
                                             : std::string()));
      }
    }
    const std::string name(metric.logged_name());
    constexpr std::array kTaken{"loss", "task_loss", "distillation_loss", "epoch"};
    constexpr std::array kTakenByTrainer{"beta", "learning_rate", "seconds"};  // without the name of an output
    if (std::ranges::find(kTaken, name) != kTaken.end() ||
        (outputs_.size() == 1 && std::ranges::find(kTakenByTrainer, name) != kTakenByTrainer.end()))
      errors_.add(config.metric.place(), name_is_taken(name));
    if (std::ranges::find(names_[output], name) != names_[output].end())
      errors_.add(config.metric.place(),
                  concat("two metrics", outputs_.size() > 1 ? " of '" + outputs_[output] + "'" : "", " are called '",
                         name, "'; give one of them another `name`"));
    names_[output].push_back(name);
  }

  const std::vector<std::string>& outputs_;
  const TrainingKinds& kinds_;
  const Objective& objective_;
  ErrorList& errors_;
  std::vector<std::vector<std::string>> names_;  // of each output
};

}  // namespace

std::string name_is_taken(const std::string& name) {
  return concat("a metric is called '", printable(name),
                "', as a column of history.csv is already; give it another `name`");
}

std::vector<MetricConfig> read_metric_list(const Node* node, const OutputMap& of, ErrorList& errors) {
  std::vector<MetricConfig> metrics;
  if (node == nullptr) return metrics;
  if (!of.is_by_output(*node)) {
    for (const Node& metric : metrics_in(*node)) metrics.push_back({metric, ""});
    return metrics;
  }
  for (const auto& [output, list] : node->entries()) {
    of.check(output, list, errors);
    for (const Node& metric : metrics_in(list)) metrics.push_back({metric, output});
  }
  return metrics;
}

Node to_node(const std::vector<MetricConfig>& metrics) {
  std::vector<Node> all;
  Node by_output = Node::map({});
  for (const MetricConfig& metric : metrics) {
    if (metric.output.empty()) {
      all.push_back(metric.metric);
      continue;
    }
    if (by_output.find(metric.output) == nullptr) by_output.set(metric.output, Node::list({}));
    by_output.find(metric.output)->items().push_back(metric.metric);
  }
  return by_output.entries().empty() ? Node::list(std::move(all)) : by_output;
}

void add_metrics(const RunConfig& config, const TrainingKinds& kinds, Objective& objective, ErrorList& errors) {
  const std::vector<std::string>& outputs = config.model.outputs;
  MetricMaker(outputs, kinds, objective, errors)
      .make(config.train.metrics, objective.metrics, objective.output_metrics);
  MetricMaker(outputs, kinds, objective, errors)
      .make(config.train.weighted_metrics, objective.weighted_metrics, objective.weighted_output_metrics);
}

}  // namespace hgq
