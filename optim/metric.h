// The interface of a metric, and the metrics of hgq by their names in Keras: accuracy, binary_accuracy,
// sparse_categorical_accuracy, categorical_accuracy, top_k_categorical_accuracy, Precision, Recall, F1Score, AUC, mse,
// mae, RootMeanSquaredError. docs/metrics.md says what each of them measures.
//
// Most metrics are means over the rows. They are recorded on the tape next to the loss, and the value of an epoch is
// the mean over its batches, each weighted by its rows. A metric that is a quotient of counts, such as Precision, or
// another function of sums, keeps sums over the rows of the epoch instead, so that its value does not depend on the
// batches. A metric that needs all rows of an epoch at once, such as AUC, is computed from EpochRows.
//
// To add a metric: one .cpp with the class and its registration (metrics_of_numbers.cpp shows both), one line in
// optim/CMakeLists.txt, and one test. A program adds its metrics to a table of its own (optim/kinds.h).
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/core/tensor.h"
#include "hgq/optim/loss.h"

namespace hgq {

/// The predictions and targets of an epoch, by column: a column is an element of the last dimension of the output.
class EpochRows {
 public:
  /// Adds a batch; both arrays have shape [rows, ...], but of class numbers there is one for each row. The scores are
  /// the predictions; those of logits of classes (`output_function` is not "softmax") the log-odds of each class, which
  /// order rows as its probability does.
  void add(ConstTensorView predictions, ConstTensorView targets, TargetKind targets_are,
           std::string_view output_function);
  void clear();
  /// The number of columns for predictions of this shape, [rows, ...]. Two classes that are given by number have one
  /// column, the difference of the two predictions.
  static int64_t columns_of(const Shape& predictions, bool sparse);
  // Open to checkpoints.
  std::vector<std::vector<float>> scores, labels;  // of each column; labels are 0 or 1 if the targets are classes
};

/// The rows of a batch, for a metric that keeps sums.
struct MeasuredRows {
  ConstTensorView predictions;       // [rows, ...]
  ConstTensorView targets;           // of the shape that the loss wants
  TargetKind targets_are;            // of the loss
  std::string_view output_function;  // as OutputVars
  std::span<const float> weights{};  // of the samples, as in autograd/ops.h; empty: all 1
};

class Metric {
 public:
  virtual ~Metric() = default;
  Metric(const Metric&) = delete;
  Metric& operator=(const Metric&) = delete;

  /// The name of its kind, by which configs and files know it.
  virtual std::string_view name() const = 0;
  /// The name in logs and history.csv: name(), or what the key `name` of a config says.
  virtual std::string_view logged_name() const { return name(); }
  /// Why it does not fit targets of this kind, as the end of a message: "whose targets are class numbers"; empty if it
  /// fits. By default it fits targets in the shape of the output.
  virtual std::string why_unfit(TargetKind targets) const;
  /// Records the metric m: its mean over the batch, a Step scalar. With sample weights w it is the mean of w m, and the
  /// caller divides it by the mean of w. Not called if it keeps sums, or if needs_all_rows().
  virtual Var record(const OutputVars& output, TargetKind targets) const;
  /// How many sums it keeps, for samples of predictions of this shape; 0 if it is recorded, or needs all rows. Throws
  /// ShapeError or ConfigError if such predictions do not fit.
  virtual size_t sum_count(const Shape& prediction, TargetKind targets) const;
  /// Adds rows to its sums. It allocates nothing, and adds in the order of the rows.
  virtual void add_rows(const MeasuredRows& rows, std::span<double> sums) const;
  /// The values of an epoch with these sums. If there are several, such as one for each class, they are logged as
  /// NAME_0, NAME_1 and so on. Their number depends on that of the sums alone.
  virtual std::vector<double> values_of(std::span<const double> sums) const;
  /// Whether it may have several values, whose names are known only with the shape of the output.
  virtual bool has_several_values() const { return false; }
  /// Whether it needs all predictions of an epoch at once. Such a metric has no weighted form.
  virtual bool needs_all_rows() const { return false; }
  /// The value for an epoch; called only if needs_all_rows().
  virtual double value(const EpochRows& rows) const;
  /// Its keys as a config has them, see Loss::arguments.
  virtual nlohmann::json arguments() const;

  /// Throws ConfigError if the metric does not fit the targets of the loss.
  void check_fits(const Loss& loss) const;

 protected:
  /// As those of Loss.
  Metric() = default;
  explicit Metric(const ConfigReader& c) : arguments_(c.resolved()) {}

 private:
  std::shared_ptr<const nlohmann::json> arguments_;
};

/// A metric has no state, so copies of an objective share it.
using MetricPtr = std::shared_ptr<const Metric>;
/// Reads the keys of a metric and makes it. The result is not used if there was an error.
using MakeMetric = MetricPtr (*)(ConfigReader& c);

MetricPtr accuracy();
MetricPtr auc();
MetricPtr mse_metric();
MetricPtr mae_metric();

/// Reads NAME or {NAME: {...}}; nullptr after an error. `docs`, if given, receives the documentation of the keys.
MetricPtr make_metric(const Node& node, const Kinds<MakeMetric>& metrics, ErrorList& errors,
                      std::vector<KeyDoc>* docs = nullptr);

/// The names of `count` values of a metric that is logged as `name`: NAME, or NAME_0, NAME_1 and so on.
std::vector<std::string> value_names(const std::string& name, size_t count);

/// The area under the ROC curve of scores with labels 0 and 1, exact, ties counting half. NaN if all labels are equal,
/// or if a score is NaN.
double area_under_curve(const std::vector<float>& scores, const std::vector<float>& labels);

}  // namespace hgq
