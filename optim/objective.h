// What a model is trained for and measured by: a loss for each of its outputs, and metrics.
//
//   const Objective objective{.losses = {sparse_categorical_crossentropy()}, .metrics = {accuracy()}};
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hgq/optim/loss.h"
#include "hgq/optim/metric.h"

namespace hgq {

struct Objective {
  std::vector<LossPtr> losses = {};     // one for each output of the model, in order
  std::vector<double> weights = {};     // of the losses in their sum; empty: all 1
  std::vector<MetricPtr> metrics = {};  // each is measured for every output, without sample weights
  /// Metrics that are means weighted by the sample weights, sum(w m) / sum(w). AUC has no such form.
  std::vector<MetricPtr> weighted_metrics = {};

  /// The name of a weighted metric in logs. As in Keras, it is "weighted_accuracy" if there is also a plain "accuracy".
  std::string name_of_weighted(const Metric& metric) const;
  /// The names of all values that an epoch logs, for outputs with these names: "loss"; if there are several outputs,
  /// "OUTPUT_loss" for each; then the metrics of each output, "accuracy", or "OUTPUT_accuracy" if there are several.
  std::vector<std::string> logged_names(std::span<const std::string> outputs) const;
};

}  // namespace hgq
