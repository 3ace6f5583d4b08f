// What a model is trained for and measured by: a loss for each of its outputs, and metrics.
//
//   const Objective objective{.losses = {sparse_categorical_crossentropy()}, .metrics = {accuracy()}};
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hgq/data/scaling.h"
#include "hgq/optim/loss.h"
#include "hgq/optim/metric.h"

namespace hgq {

/// Training towards the outputs of another model, the teacher, beside the targets. The loss of an output is
/// (1 - weight) task + weight * temperature^2 * KL(teacher || student), both softened by the temperature; of numbers,
/// (1 - weight) task + weight * the same loss with the teacher's output as target. A batch then has the teacher's
/// targets after its own (optim/distillation.h).
struct Distillation {
  double weight = 0;  // 0: there is no teacher
  double temperature = 1;
};

struct Objective {
  std::vector<LossPtr> losses = {};     // one for each output of the model, in order
  std::vector<double> weights = {};     // of the losses in their sum; empty: all 1
  std::vector<MetricPtr> metrics = {};  // each is measured for every output, without sample weights
  /// Metrics that are means weighted by the sample weights, sum(w m) / sum(w). AUC has no such form.
  std::vector<MetricPtr> weighted_metrics = {};
  /// Metrics of single outputs, after those of all: empty, or a list for each output.
  std::vector<std::vector<MetricPtr>> output_metrics = {}, weighted_output_metrics = {};

  /// How targets are scaled, for each output or none: losses are of scaled targets, metrics in the unit of the targets.
  std::vector<Scaling> target_scaling = {};
  Distillation distillation = {};

  bool has_teacher() const { return distillation.weight > 0; }
  /// For evaluations, which know no teacher.
  Objective without_teacher() const;
  /// All metrics of an output: plain ones, and weighted ones.
  std::vector<MetricPtr> metrics_of(size_t output) const;
  std::vector<MetricPtr> weighted_metrics_of(size_t output) const;
  /// The name of a weighted metric of an output in logs. As in Keras, it is "weighted_accuracy" if there is also a
  /// plain "accuracy".
  std::string name_of_weighted(const Metric& metric, size_t output) const;
  /// The names of all values that an epoch logs, for outputs with these names: "loss"; if there are several outputs,
  /// "OUTPUT_loss" for each; with a teacher "task_loss" and "distillation_loss"; then the metrics of each output,
  /// "accuracy", or "OUTPUT_accuracy" if there are several. A metric with several values (Metric::has_several_values)
  /// has its name alone.
  std::vector<std::string> logged_names(std::span<const std::string> outputs) const;
  /// Whether logged_names() are the names in logs.
  bool names_are_known() const;
};

}  // namespace hgq
