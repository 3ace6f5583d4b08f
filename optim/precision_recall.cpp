// Precision and Recall with the meaning of keras.metrics: of all decisions of an epoch whether a row belongs to a
// class, the share of the true ones among those that say yes, and the share of the members that are found. Without
// class_id, the decisions for all classes are counted together.
#include <optional>

#include "hgq/core/error.h"
#include "hgq/optim/class_rows.h"
#include "hgq/optim/keras_keys.h"
#include "hgq/optim/kinds.h"

namespace hgq {
namespace {

class PrecisionOrRecall : public Metric {
 public:
  explicit PrecisionOrRecall(ConfigReader& c) : Metric(c) {
    const std::vector<double> thresholds =
        c.numbers("thresholds", "probability above which a row is said to belong to the class; 0.5 if not given", {},
                  {.min = 0, .max = 1, .above_min = true, .below_max = true});
    if (thresholds.size() > 1)
      c.error("thresholds", concat("found ", thresholds.size(),
                                   " numbers, expected one; list the metric once for each, with a `name` of its own"));
    threshold_ = thresholds.empty() ? 0.5 : thresholds.front();
    top_k_ = c.optional_integer("top_k",
                                "instead of a threshold: a row is said to belong to the classes with so many largest "
                                "outputs",
                                {.min = 1});
    class_id_ = c.optional_integer("class_id", "the class, counted from 0; all together if not given", {.min = 0});
    if (top_k_ && !thresholds.empty()) c.error("top_k", "stands instead of a threshold; leave out one of them");
  }
  std::string why_unfit(TargetKind targets) const override {
    if (targets == TargetKind::kNumbers) return "whose targets are no classes; take mse or mae";
    if (targets == TargetKind::kBinary && top_k_) return "whose targets are 0 and 1: there are no classes for top_k";
    return "";
  }
  size_t sum_count(const Shape& prediction, TargetKind /*targets*/) const override {
    check_column(class_id_, prediction, "class_id");
    return 3;
  }
  /// Sums of weights: true positives, all that were said to be members, all members.
  void add_rows(const MeasuredRows& measured, std::span<double> sums) const override {
    const ClassRows rows(measured);
    const int64_t first = class_id_.value_or(0);
    const int64_t end = class_id_ ? *class_id_ + 1 : rows.columns();
    for (int64_t r = 0; r < rows.size(); ++r) {
      const double weight = rows.weight(r);
      for (int64_t c = first; c < end; ++c) {
        const bool said = top_k_ ? rows.is_in_top(r, c, *top_k_) : rows.probability_above(r, c, threshold_);
        const bool is = rows.is_member(r, c);
        if (said && is) sums[0] += weight;
        if (said) sums[1] += weight;
        if (is) sums[2] += weight;
      }
    }
  }

 private:
  double threshold_ = 0.5;
  std::optional<int64_t> top_k_, class_id_;
};

/// 0 where there is nothing to divide by, as in Keras.
std::vector<double> quotient(double share, double whole) { return {whole == 0 ? 0 : share / whole}; }

class Precision final : public PrecisionOrRecall {
 public:
  using PrecisionOrRecall::PrecisionOrRecall;
  std::string_view name() const override { return "precision"; }
  std::vector<double> values_of(std::span<const double> sums) const override { return quotient(sums[0], sums[1]); }
};

class Recall final : public PrecisionOrRecall {
 public:
  using PrecisionOrRecall::PrecisionOrRecall;
  std::string_view name() const override { return "recall"; }
  std::vector<double> values_of(std::span<const double> sums) const override { return quotient(sums[0], sums[2]); }
};

}  // namespace

void register_precision_recall(TrainingKinds& kinds) {
  kinds.metrics.add({.name = "Precision",
                     .aliases = {"precision"},
                     .doc = "share of true members among the rows that are said to belong to a class; in logs: "
                            "precision",
                     .make = [](ConfigReader& c) -> MetricPtr { return std::make_shared<Precision>(c); }});
  kinds.metrics.add({.name = "Recall",
                     .aliases = {"recall"},
                     .doc = "share of the members of a class that are found; in logs: recall",
                     .make = [](ConfigReader& c) -> MetricPtr { return std::make_shared<Recall>(c); }});
}

}  // namespace hgq
