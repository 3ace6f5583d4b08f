// Mean squared and mean absolute error as metrics.
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
}

}  // namespace hgq
