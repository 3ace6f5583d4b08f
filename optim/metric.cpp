#include "hgq/optim/metric.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/optim/keras_keys.h"

namespace hgq {

std::string Metric::why_unfit(TargetKind targets) const {
  return targets == TargetKind::kClassNumbers ? "whose targets are class numbers" : "";
}

Var Metric::record(const OutputVars& /*output*/, TargetKind /*targets*/) const {
  throw ConfigError(concat("metric '", name(), "' has no function that records it"));
}

size_t Metric::sum_count(const Shape& /*prediction*/, TargetKind /*targets*/) const { return 0; }

void Metric::add_rows(const MeasuredRows& /*rows*/, std::span<double> /*sums*/) const {
  throw ConfigError(concat("metric '", name(), "' has no function that adds rows to its sums"));
}

std::vector<double> Metric::values_of(std::span<const double> /*sums*/) const {
  throw ConfigError(concat("metric '", name(), "' has no value of its sums"));
}

std::vector<std::string> value_names(const std::string& name, size_t count) {
  if (count == 1) return {name};
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) names.push_back(concat(name, "_", i));
  return names;
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

namespace {

/// A metric that is logged under a name of its own.
class NamedMetric final : public Metric {
 public:
  NamedMetric(MetricPtr metric, std::string name) : metric_(std::move(metric)), name_(std::move(name)) {}
  std::string_view name() const override { return metric_->name(); }
  std::string_view logged_name() const override { return name_; }
  std::string why_unfit(TargetKind targets) const override { return metric_->why_unfit(targets); }
  Var record(const OutputVars& output, TargetKind targets) const override { return metric_->record(output, targets); }
  size_t sum_count(const Shape& prediction, TargetKind targets) const override {
    return metric_->sum_count(prediction, targets);
  }
  void add_rows(const MeasuredRows& rows, std::span<double> sums) const override { metric_->add_rows(rows, sums); }
  std::vector<double> values_of(std::span<const double> sums) const override { return metric_->values_of(sums); }
  bool has_several_values() const override { return metric_->has_several_values(); }
  bool needs_all_rows() const override { return metric_->needs_all_rows(); }
  double value(const EpochRows& rows) const override { return metric_->value(rows); }
  nlohmann::json arguments() const override {
    nlohmann::json arguments = metric_->arguments();
    arguments["name"] = name_;
    return arguments;
  }

 private:
  MetricPtr metric_;
  std::string name_;
};

/// The key `name`: nullopt if it is not given. A name stands in history.csv, and in conditions of callbacks.
std::optional<std::string> read_logged_name(ConfigReader& c) {
  const Node* const node = c.map().is_map() ? c.map().find("name") : nullptr;
  if (node == nullptr || node->is_null()) return std::nullopt;
  const std::string name = text_of(*node).value_or("");
  const auto fits = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           letter == '_';
  };
  if (name.empty() || !std::ranges::all_of(name, fits) || (name[0] >= '0' && name[0] <= '9')) {
    c.error("name", concat("found ", describe(*node), ", expected letters, digits and _, with no digit first"));
    return std::nullopt;
  }
  return name;
}

}  // namespace

MetricPtr make_metric(const Node& node, const Kinds<MakeMetric>& metrics, ErrorList& errors,
                      std::vector<KeyDoc>* docs) {
  return metrics.make(node, errors, docs, [](MakeMetric make, ConfigReader& c) {
    MetricPtr metric = make(c);
    read_keras_metric_keys(c);
    if (const auto name = read_logged_name(c); name && metric != nullptr && *name != metric->name())
      metric = std::make_shared<NamedMetric>(std::move(metric), *name);
    if (metric != nullptr) c.expect_written(metric->arguments());
    return metric;
  });
}

namespace {

/// ln(p / (1 - p)) of the softmax probability p of a class: its logit less the logarithm of the sum of the others'
/// exponentials.
float log_odds(const float* logits, int64_t classes, int64_t of) {
  double top = -std::numeric_limits<double>::infinity();
  for (int64_t c = 0; c < classes; ++c) {
    if (c != of) top = std::max(top, static_cast<double>(logits[c]));
  }
  double sum = 0;
  for (int64_t c = 0; c < classes; ++c) {
    if (c != of) sum += std::exp(static_cast<double>(logits[c]) - top);
  }
  return static_cast<float>(static_cast<double>(logits[of]) - top - std::log(sum));
}

}  // namespace

int64_t EpochRows::columns_of(const Shape& predictions, bool sparse) {
  const int64_t columns = predictions.rank() > 1 ? predictions[-1] : 1;
  return sparse && columns == 2 ? 1 : columns;
}

void EpochRows::add(ConstTensorView predictions, ConstTensorView targets, TargetKind targets_are,
                    std::string_view output_function) {
  const bool sparse = targets_are == TargetKind::kClassNumbers;
  const int64_t columns = predictions.shape.rank() > 1 ? predictions.shape[-1] : 1;
  const int64_t rows = predictions.size() / columns;
  const int64_t used = columns_of(predictions.shape, sparse);
  const bool difference = used < columns;  // two classes: one score a row
  const bool exclusive = sparse || targets_are == TargetKind::kOneHot;
  const bool logits = exclusive && columns > 1 && !difference && output_function != "softmax";
  scores.resize(static_cast<size_t>(used));
  labels.resize(static_cast<size_t>(used));
  for (int64_t r = 0; r < rows; ++r) {
    const float* const p = predictions.data + r * columns;
    for (int64_t c = 0; c < used; ++c) {
      scores[static_cast<size_t>(c)].push_back(difference ? p[1] - p[0] : logits ? log_odds(p, columns, c) : p[c]);
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
