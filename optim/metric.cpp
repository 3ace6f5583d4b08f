#include "hgq/optim/metric.h"

#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/optim/keras_keys.h"

namespace hgq {

std::string Metric::why_unfit(TargetKind targets) const {
  return targets == TargetKind::kClassNumbers ? "whose targets are class numbers" : "";
}

Var Metric::record(const OutputVars& /*output*/, TargetKind /*targets*/) const {
  throw ConfigError(concat("metric '", name(), "' has no function that records it"));
}

double Metric::value(const EpochRows& /*rows*/) const {
  throw ConfigError(concat("metric '", name(), "' has no value of all rows"));
}

nlohmann::json Metric::arguments() const { return arguments_ ? *arguments_ : nlohmann::json::object(); }

void Metric::check_fits(const Loss& loss) const {
  const std::string unfit = why_unfit(loss.target_kind());
  HGQ_CHECK(unfit.empty(), ConfigError, "metric '", name(), "' does not fit the loss '", loss.name(), "'",
            unfit.starts_with(';') ? "" : ", ", unfit);
}

MetricPtr make_metric(const Node& node, const Kinds<MakeMetric>& metrics, ErrorList& errors,
                      std::vector<KeyDoc>* docs) {
  return metrics.make(node, errors, docs, [](MakeMetric make, ConfigReader& c) {
    MetricPtr metric = make(c);
    read_keras_metric_keys(c);
    if (metric != nullptr) c.expect_written(metric->arguments());
    return metric;
  });
}

int64_t EpochRows::columns_of(const Shape& predictions, bool sparse) {
  const int64_t columns = predictions.rank() > 1 ? predictions[-1] : 1;
  return sparse && columns == 2 ? 1 : columns;
}

void EpochRows::add(ConstTensorView predictions, ConstTensorView targets, bool sparse) {
  const int64_t columns = predictions.shape.rank() > 1 ? predictions.shape[-1] : 1;
  const int64_t rows = predictions.size() / columns;
  const int64_t used = columns_of(predictions.shape, sparse);
  const bool difference = used < columns;  // two classes: one score a row
  scores.resize(static_cast<size_t>(used));
  labels.resize(static_cast<size_t>(used));
  for (int64_t r = 0; r < rows; ++r) {
    const float* const p = predictions.data + r * columns;
    for (int64_t c = 0; c < used; ++c) {
      scores[static_cast<size_t>(c)].push_back(difference ? p[1] - p[0] : p[c]);
      const float label = !sparse ? targets.data[r * columns + c]
                                  : (targets.data[r] == static_cast<float>(difference ? 1 : c) ? 1.0F : 0.0F);
      labels[static_cast<size_t>(c)].push_back(label);
    }
  }
}

void EpochRows::clear() {
  for (auto* const columns : {&scores, &labels}) {
    for (std::vector<float>& column : *columns) column.clear();
  }
}

}  // namespace hgq
