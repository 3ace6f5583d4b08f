// AUC: the exact area under the ROC curve, the share of pairs (positive, negative) that are ordered right, ties
// counting half, from the ranks of all rows of the epoch (Keras counts with 200 thresholds). For several columns it is
// the mean over the columns that have both kinds of rows.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "hgq/optim/keras_keys.h"
#include "hgq/optim/kinds.h"

namespace hgq {
namespace {

class Auc final : public Metric {
 public:
  std::string_view name() const override { return "auc"; }
  explicit Auc(bool columns_together) : columns_together_(columns_together) {}
  std::string why_unfit(TargetKind targets) const override {
    if (targets == TargetKind::kNumbers) return "whose targets are no classes; take mse or mae";
    const bool several = targets == TargetKind::kOneHot || targets == TargetKind::kClassNumbers;
    if (columns_together_ && several)
      return "with a column for each class: multi_label: false takes all columns as one, which hgq does not; write "
             "multi_label: true for the mean over the columns";
    return "";
  }
  bool needs_all_rows() const override { return true; }
  double value(const EpochRows& rows) const override {
    double total = 0;
    int count = 0;
    for (size_t c = 0; c < rows.scores.size(); ++c) {
      const double area = area_under_curve(rows.scores[c], rows.labels[c]);
      if (std::isnan(area)) continue;
      total += area;
      ++count;
    }
    return count == 0 ? std::numeric_limits<double>::quiet_NaN() : total / count;
  }

 private:
  bool columns_together_;  // Keras' multi_label: false, if it was written
};

}  // namespace

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

MetricPtr auc() { return std::make_shared<Auc>(false); }

void register_auc(TrainingKinds& kinds) {
  kinds.metrics.add({.name = "AUC",
                     .aliases = {"auc"},
                     .doc = "exact area under the ROC curve, from the ranks of all rows (Keras counts at 200 "
                            "thresholds); of several columns the mean; has no weighted form; in logs: auc",
                     .make = [](ConfigReader& c) -> MetricPtr {
                       read_keras_auc_keys(c);
                       const Node* const multi_label = c.map().find("multi_label");
                       const bool together = multi_label != nullptr && true_or_false(*multi_label) == false;
                       return std::make_shared<Auc>(together);
                     }});
}

}  // namespace hgq
