// Mean squared and mean absolute error as metrics, and the root of the mean squared error, which is not a mean over
// the batches.
#include <cmath>

#include "hgq/optim/kinds.h"

namespace hgq {
namespace {

class MeanSquaredErrorMetric final : public Metric {
 public:
  std::string_view name() const override { return "mse"; }
  Var record(const OutputVars& o, TargetKind /*targets*/) const override {
    return ops::mean_squared_error(o.prediction, o.target, o.weights);
  }
};

class MeanAbsoluteErrorMetric final : public Metric {
 public:
  std::string_view name() const override { return "mae"; }
  Var record(const OutputVars& o, TargetKind /*targets*/) const override {
    return ops::mean_absolute_error(o.prediction, o.target, o.weights);
  }
};

class RootMeanSquaredError final : public Metric {
 public:
  std::string_view name() const override { return "root_mean_squared_error"; }
  size_t sum_count(const Shape& /*prediction*/, TargetKind /*targets*/) const override { return 2; }
  /// Sums of w (target - prediction)^2, and of w, over all elements.
  void add_rows(const MeasuredRows& rows, std::span<double> sums) const override {
    const int64_t count = rows.predictions.size();
    const auto weights = static_cast<int64_t>(rows.weights.size());
    for (int64_t i = 0; i < count; ++i) {
      const double weight =
          weights == 0 ? 1 : static_cast<double>(rows.weights[static_cast<size_t>(i / (count / weights))]);
      const double error = static_cast<double>(rows.targets.data[i]) - static_cast<double>(rows.predictions.data[i]);
      sums[0] += weight * error * error;
      sums[1] += weight;
    }
  }
  std::vector<double> values_of(std::span<const double> sums) const override {
    return {sums[1] == 0 ? 0 : std::sqrt(sums[0] / sums[1])};
  }
};

}  // namespace

MetricPtr mse_metric() { return std::make_shared<MeanSquaredErrorMetric>(); }
MetricPtr mae_metric() { return std::make_shared<MeanAbsoluteErrorMetric>(); }

void register_metrics_of_numbers(TrainingKinds& kinds) {
  kinds.metrics.add({.name = "mse",
                     .aliases = {"mean_squared_error", "MeanSquaredError"},
                     .doc = "mean of the squared differences",
                     .make = [](ConfigReader&) { return mse_metric(); }});
  kinds.metrics.add({.name = "mae",
                     .aliases = {"mean_absolute_error", "MeanAbsoluteError"},
                     .doc = "mean of the absolute differences",
                     .make = [](ConfigReader&) { return mae_metric(); }});
  kinds.metrics.add({.name = "RootMeanSquaredError",
                     .aliases = {"rmse", "root_mean_squared_error"},
                     .doc = "root of the mean squared difference over all rows; in logs: root_mean_squared_error",
                     .make = [](ConfigReader&) -> MetricPtr { return std::make_shared<RootMeanSquaredError>(); }});
}

}  // namespace hgq
