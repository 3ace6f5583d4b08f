// What is wanted of a model: a loss for each of its outputs, and metrics.
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
  std::vector<LossPtr> losses = {};     // one for each output, in their order
  std::vector<double> weights = {};     // of the losses; empty: all 1
  std::vector<MetricPtr> metrics = {};  // for each output they fit; sample weights do not count
  /// The same as weighted means, sum(w m) / sum(w); no AUC.
  std::vector<MetricPtr> weighted_metrics = {};

  /// What logs call a weighted metric: as Keras does "weighted_accuracy" where there is a plain "accuracy", too.
  std::string name_of_weighted(const Metric& metric) const;
  /// What an epoch is measured by, for outputs of these names: "loss"; for several outputs "OUTPUT_loss" of each; then
  /// the metrics, output by output, for several "OUTPUT_accuracy".
  std::vector<std::string> logged_names(std::span<const std::string> outputs) const;
};

}  // namespace hgq
