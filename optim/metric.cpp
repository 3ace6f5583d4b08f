#include "hgq/optim/metric.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "hgq/core/error.h"
#include "hgq/optim/loss_docs.h"

namespace hgq {
namespace {

using Kind = Metric::Kind;

struct MetricName {
  std::string_view name;
  Kind kind;
  std::string_view shown;
};

constexpr std::array kNames{
    MetricName{"accuracy", Kind::kAccuracy, "accuracy"},
    MetricName{"acc", Kind::kAccuracy, "accuracy"},
    MetricName{"binary_accuracy", Kind::kBinaryAccuracy, "binary_accuracy"},
    MetricName{"sparse_categorical_accuracy", Kind::kSparseCategoricalAccuracy, "sparse_categorical_accuracy"},
    MetricName{"categorical_accuracy", Kind::kCategoricalAccuracy, "categorical_accuracy"},
    MetricName{"AUC", Kind::kAuc, "auc"},
    MetricName{"auc", Kind::kAuc, "auc"},
    MetricName{"mse", Kind::kMeanSquaredError, "mse"},
    MetricName{"mean_squared_error", Kind::kMeanSquaredError, "mse"},
    MetricName{"mae", Kind::kMeanAbsoluteError, "mae"},
    MetricName{"mean_absolute_error", Kind::kMeanAbsoluteError, "mae"},
};

std::string doc_of(Kind kind) {
  switch (kind) {
    case Kind::kAccuracy:
      return "share of rows that are classified right: one of the next three, by the loss; not for regressions";
    case Kind::kBinaryAccuracy:
      return "with binary_crossentropy: a logit above 0 (behind a sigmoid: a value above 0.5) counts as 1";
    case Kind::kSparseCategoricalAccuracy:
      return "with sparse_categorical_crossentropy: the largest output is that of the class";
    case Kind::kCategoricalAccuracy:
      return "with categorical_crossentropy: the largest output is that of the class";
    case Kind::kAuc:
      return "exact area under the ROC curve, from the ranks of all rows (Keras counts at 200 thresholds); of several "
             "columns the mean; has no weighted form";
    case Kind::kMeanSquaredError:
      return "mean of the squared differences";
    case Kind::kMeanAbsoluteError:
      return "mean of the absolute differences";
  }
  return "";
}

}  // namespace

std::vector<ObjectDoc> metric_docs() {
  std::vector<ObjectDoc> docs;
  std::vector<Kind> kinds;
  for (const MetricName& n : kNames) {
    const auto known = std::ranges::find(kinds, n.kind);
    if (known != kinds.end()) {
      docs[static_cast<size_t>(known - kinds.begin())].aliases.emplace_back(n.name);
      continue;
    }
    kinds.push_back(n.kind);
    docs.push_back({.name = std::string(n.name),
                    .aliases = {},
                    .scalar = {},
                    .doc = concat(doc_of(n.kind), n.name == n.shown ? std::string() : concat("; in logs: ", n.shown)),
                    .keys = {}});
  }
  return docs;
}

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const MetricName& n : kNames) names.emplace_back(n.name);
  return names;
}

Metric Metric::from_node(const Node& node, ErrorList& errors) {
  const NamedNode named = read_named(node, "a metric", errors);
  if (named.name.empty()) return {};
  const auto found = std::ranges::find(kNames, std::string_view(named.name), &MetricName::name);
  if (found == kNames.end()) {
    errors.add(node.place(),
               concat("unknown metric '", printable(named.name), "'", suggestion(named.name, metric_names())));
    return {};
  }
  ConfigReader(named.arguments, named.name, errors).finish();
  return {.kind = found->kind, .name = std::string(found->shown)};
}

Metric Metric::resolved_for(const Loss& loss) const {
  Metric metric = *this;
  const TargetKind targets = loss.target_kind();
  if (kind == Kind::kAccuracy) {
    HGQ_CHECK(targets != TargetKind::kNumbers, ConfigError, "metric 'accuracy' does not fit the loss '", loss.name(),
              "'; take mse or mae");
    metric.kind = targets == TargetKind::kClassNumbers
                      ? Kind::kSparseCategoricalAccuracy
                      : (targets == TargetKind::kOneHot ? Kind::kCategoricalAccuracy : Kind::kBinaryAccuracy);
  }
  const bool sparse = targets == TargetKind::kClassNumbers;
  const bool needs_sparse = metric.kind == Kind::kSparseCategoricalAccuracy;
  const bool any = metric.kind == Kind::kAuc;
  HGQ_CHECK(any || sparse == needs_sparse, ConfigError, "metric '", name, "' does not fit the loss '", loss.name(),
            "', whose targets are ", sparse ? "class numbers" : "one value for each output");
  return metric;
}

Var Metric::record(Var prediction, Var target, std::string_view output_function, Var weights) const {
  switch (kind) {
    case Kind::kSparseCategoricalAccuracy:
      return ops::sparse_categorical_accuracy(prediction, target, weights);
    case Kind::kCategoricalAccuracy:
      return ops::categorical_accuracy(prediction, target, weights);
    case Kind::kBinaryAccuracy:
    case Kind::kAccuracy:
      return ops::binary_accuracy(prediction, target, output_function == "sigmoid" ? 0.5F : 0.0F, weights);
    case Kind::kMeanAbsoluteError:
      return ops::mean_absolute_error(prediction, target, weights);
    default:
      return ops::mean_squared_error(prediction, target, weights);
  }
}

double area_under_curve(const std::vector<float>& scores, const std::vector<float>& labels) {
  if (std::ranges::any_of(scores, [](float s) { return std::isnan(s); }))
    return std::numeric_limits<double>::quiet_NaN();
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t i) { return scores[i]; });
  double positives = 0;
  double rank_sum = 0;
  for (size_t i = 0; i < order.size();) {
    size_t end = i;
    double here = 0;
    while (end < order.size() && scores[order[end]] == scores[order[i]]) here += labels[order[end++]] > 0.5F ? 1 : 0;
    rank_sum += here * (static_cast<double>(i + end) + 1.0) / 2.0;  // the mean rank of ties
    positives += here;
    i = end;
  }
  const double negatives = static_cast<double>(scores.size()) - positives;
  if (positives == 0 || negatives == 0) return std::numeric_limits<double>::quiet_NaN();
  return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives);
}

int64_t AucRows::columns_of(const Shape& predictions, bool sparse) {
  const int64_t columns = predictions.rank() > 1 ? predictions[-1] : 1;
  return sparse && columns == 2 ? 1 : columns;
}

void AucRows::add(ConstTensorView predictions, ConstTensorView targets, bool sparse) {
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

double AucRows::value() const {
  double total = 0;
  int count = 0;
  for (size_t c = 0; c < scores.size(); ++c) {
    const double area = area_under_curve(scores[c], labels[c]);
    if (std::isnan(area)) continue;
    total += area;
    ++count;
  }
  return count == 0 ? std::numeric_limits<double>::quiet_NaN() : total / count;
}

void AucRows::clear() {
  for (auto* const columns : {&scores, &labels}) {
    for (std::vector<float>& column : *columns) column.clear();
  }
}

}  // namespace hgq
