// The keys `metrics` and `weighted_metrics` of a config: for all outputs, or for each its own.
//
//   metrics: [accuracy, AUC]
//   metrics: {jet: [accuracy, {TopKCategoricalAccuracy: 2}], energy: RootMeanSquaredError}
#pragma once

#include <string>
#include <vector>

#include "hgq/apps/output_map.h"
#include "hgq/config/node.h"
#include "hgq/optim/kinds.h"
#include "hgq/optim/objective.h"

namespace hgq {

struct RunConfig;

/// A metric as it is written, `NAME` or `{NAME: {...}}`, and the output that it is for; empty: for every output.
struct MetricConfig {
  Node metric;
  std::string output;
};

/// The message about a metric whose name another column of history.csv has.
std::string name_is_taken(const std::string& name);

/// Reads the list, or the map of outputs; nullptr: no metrics.
std::vector<MetricConfig> read_metric_list(const Node* node, const OutputMap& of, ErrorList& errors);

/// The same as a node: a list, or a map of outputs.
Node to_node(const std::vector<MetricConfig>& metrics);

/// Makes the metrics of a config, for an objective that has its losses. An error if a metric does not fit the loss of
/// an output, or if an output has two of the same name.
void add_metrics(const RunConfig& config, const TrainingKinds& kinds, Objective& objective, ErrorList& errors);

}  // namespace hgq
