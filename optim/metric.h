// Metrics by Keras' names: accuracy, binary_accuracy, sparse_categorical_accuracy, categorical_accuracy, AUC, mse, mae.
//
// Most are means over the rows, recorded on the tape beside the loss; an epoch's value weighs each batch by its rows.
// AUC is exact: the share of pairs (positive, negative) that are ordered right, ties counting half, from the ranks of
// all rows of the epoch (Keras counts with 200 thresholds). For several columns it is the mean over the columns that
// have both kinds of rows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/config/config_reader.h"
#include "hgq/core/tensor.h"
#include "hgq/optim/loss.h"

namespace hgq {

struct Metric {
  enum class Kind : uint8_t {
    kAccuracy,
    kBinaryAccuracy,
    kSparseCategoricalAccuracy,
    kCategoricalAccuracy,
    kAuc,
    kMeanSquaredError,
    kMeanAbsoluteError
  };
  Kind kind = Kind::kAccuracy;
  std::string name = "accuracy";  // as logs and history.csv show it

  static Metric from_node(const Node& node, ErrorList& errors);
  /// The metric that this one stands for with a loss: `accuracy` is the one of its kind of targets. Throws ConfigError
  /// where they do not fit.
  Metric resolved_for(const Loss& loss) const;
  /// Whether it needs all predictions of an epoch at once.
  bool needs_all_rows() const { return kind == Kind::kAuc; }
  /// Mean over the batch; not for AUC. Binary accuracy is at 0 for logits, at 0.5 behind a sigmoid. `weights`: of the
  /// samples, if given: the mean of w m, which is still to be divided by the mean of w.
  Var record(Var prediction, Var target, std::string_view output_function, Var weights = {}) const;
};

std::vector<std::string> metric_names();

/// Area under the ROC curve of scores and labels 0, 1; NaN where one kind is missing, or a
/// score is NaN.
double area_under_curve(const std::vector<float>& scores, const std::vector<float>& labels);

/// Collects predictions and targets of an epoch for AUC.
class AucRows {
 public:
  /// `sparse`: targets are class numbers, else the same shape as predictions.
  void add(ConstTensorView predictions, ConstTensorView targets, bool sparse);
  double value() const;
  void clear();
  /// How many columns predictions of this shape, rows in front, have; two classes by number have one.
  static int64_t columns_of(const Shape& predictions, bool sparse);
  // For checkpoints.
  std::vector<std::vector<float>> scores, labels;  // by column
};

}  // namespace hgq
