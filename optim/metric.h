// What a metric is, and those by Keras' names: accuracy, binary_accuracy, sparse_categorical_accuracy,
// categorical_accuracy, AUC, mse, mae.
//
// Most are means over the rows, recorded on the tape beside the loss; an epoch's value weighs each batch by its rows.
// One that needs all rows of an epoch at once, as AUC does, is computed from EpochRows instead.
//
// To add a metric: one .cpp with the class and its registration (metrics_of_numbers.cpp shows both), one line in
// optim/CMakeLists.txt, one test. A program adds its own to a table of its own (optim/kinds.h).
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/core/tensor.h"
#include "hgq/optim/loss.h"

namespace hgq {

/// Predictions and targets of an epoch, by column of the output.
class EpochRows {
 public:
  /// `sparse`: targets are class numbers, else they have the shape of the predictions. Rows are in front.
  void add(ConstTensorView predictions, ConstTensorView targets, bool sparse);
  void clear();
  /// How many columns predictions of this shape, rows in front, have; two classes by number have one, the difference of
  /// both.
  static int64_t columns_of(const Shape& predictions, bool sparse);
  // For checkpoints, too.
  std::vector<std::vector<float>> scores, labels;  // by column; labels are 0 and 1 where targets are classes
};

class Metric {
 public:
  virtual ~Metric() = default;
  Metric(const Metric&) = delete;
  Metric& operator=(const Metric&) = delete;

  /// As logs and history.csv show it; its name in configs, or an alias of it.
  virtual std::string_view name() const = 0;
  /// What is wrong with it for targets of this kind, as the end of a message: "whose targets are class numbers"; empty
  /// where it fits. By default it fits targets in the shape of the output.
  virtual std::string why_unfit(TargetKind targets) const;
  /// Mean over the batch, a Step scalar. With weights of the samples the mean of w m, which is still to be divided by
  /// the mean of w. Not called where needs_all_rows().
  virtual Var record(const OutputVars& output, TargetKind targets) const;
  /// Whether it needs all predictions of an epoch at once; then it has no weighted form.
  virtual bool needs_all_rows() const { return false; }
  virtual double value(const EpochRows& rows) const;
  /// As Loss::arguments.
  virtual nlohmann::json arguments() const;

  /// Throws ConfigError where the metric does not fit the loss.
  void check_fits(const Loss& loss) const;

 protected:
  Metric() = default;
};

using MetricPtr = std::shared_ptr<const Metric>;
using MakeMetric = MetricPtr (*)(ConfigReader& c);

MetricPtr accuracy();
MetricPtr auc();
MetricPtr mse_metric();
MetricPtr mae_metric();

/// Reads NAME or {NAME: {...}}; nullptr after an error. `docs`, if given, receives the keys.
MetricPtr make_metric(const Node& node, const Kinds<MakeMetric>& metrics, ErrorList& errors,
                      std::vector<KeyDoc>* docs = nullptr);

/// Area under the ROC curve of scores and labels 0, 1; NaN where one kind is missing, or a score is NaN.
double area_under_curve(const std::vector<float>& scores, const std::vector<float>& labels);

}  // namespace hgq
