// Top-k accuracy with the meaning of keras.metrics: the share of rows with fewer than k outputs above that of their
// class, so that equal outputs count as found.
#include <algorithm>
#include <cmath>

#include "hgq/optim/class_rows.h"
#include "hgq/optim/kinds.h"

namespace hgq {
namespace {

class TopKCategoricalAccuracy final : public Metric {
 public:
  TopKCategoricalAccuracy(ConfigReader& c, bool sparse)
      : Metric(c), sparse_(sparse), k_(c.integer("k", "so many largest outputs", {.fallback = 5, .min = 1})) {}
  std::string_view name() const override {
    return sparse_ ? "sparse_top_k_categorical_accuracy" : "top_k_categorical_accuracy";
  }
  std::string why_unfit(TargetKind targets) const override {
    if (targets == TargetKind::kNumbers || targets == TargetKind::kBinary)
      return "whose targets are not one of classes";
    if (sparse_ && targets == TargetKind::kOneHot)
      return "whose targets are one value for each output; take TopKCategoricalAccuracy";
    return "";
  }
  size_t sum_count(const Shape& /*prediction*/, TargetKind /*targets*/) const override { return 2; }
  /// Sums of weights: of the rows that are found, and of all.
  void add_rows(const MeasuredRows& measured, std::span<double> sums) const override {
    const ClassRows rows(measured);
    for (int64_t r = 0; r < rows.size(); ++r) {
      const double weight = rows.weight(r);
      if (is_found(rows, r)) sums[0] += weight;
      sums[1] += weight;
    }
  }
  std::vector<double> values_of(std::span<const double> sums) const override {
    return {sums[1] == 0 ? 0 : sums[0] / sums[1]};
  }

 private:
  bool is_found(const ClassRows& rows, int64_t r) const {
    int64_t own = 0;
    for (int64_t c = 1; c < rows.columns(); ++c) {
      if (rows.share(r, c) > rows.share(r, own)) own = c;
    }
    const float prediction = rows.prediction(r, own);
    if (!std::isfinite(prediction)) return false;
    int64_t larger = 0;
    for (int64_t c = 0; c < rows.columns(); ++c) larger += rows.prediction(r, c) > prediction ? 1 : 0;
    return larger < k_;
  }

  bool sparse_;
  int64_t k_;
};

}  // namespace

void register_top_k_accuracy(TrainingKinds& kinds) {
  kinds.metrics.add(
      {.name = "TopKCategoricalAccuracy",
       .aliases = {"top_k_categorical_accuracy"},
       .doc = "share of rows whose class is among the k largest outputs; in logs: top_k_categorical_accuracy",
       .scalar = "k",
       .make = [](ConfigReader& c) -> MetricPtr { return std::make_shared<TopKCategoricalAccuracy>(c, false); }});
  kinds.metrics.add(
      {.name = "SparseTopKCategoricalAccuracy",
       .aliases = {"sparse_top_k_categorical_accuracy"},
       .doc = "the same with sparse_categorical_crossentropy, by Keras' name for it",
       .scalar = "k",
       .make = [](ConfigReader& c) -> MetricPtr { return std::make_shared<TopKCategoricalAccuracy>(c, true); }});
}

}  // namespace hgq
