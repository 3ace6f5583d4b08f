// F1Score with the meaning of keras.metrics: the harmonic mean of precision and recall, from counts for each class over
// an epoch. The decision is the largest output of a row, or, with a threshold, each column for itself.
#include <algorithm>
#include <optional>

#include "hgq/optim/class_rows.h"
#include "hgq/optim/kinds.h"

namespace hgq {
namespace {

double f1(double hits, double said, double members) {
  const double precision = said == 0 ? 0 : hits / said;
  const double recall = members == 0 ? 0 : hits / members;
  return precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall);
}

class F1Score final : public Metric {
 public:
  explicit F1Score(ConfigReader& c) : Metric(c) {
    average_ = c.choice("average",
                        "null: a value for each class (f1_score_0, f1_score_1 ...); micro: of all decisions together; "
                        "macro: mean over the classes; weighted: the same, weighted by the members of each",
                        {"null", "micro", "macro", "weighted"}, "null");
    threshold_ = c.optional_number("threshold",
                                   "probability above which a row is said to belong to a class; without it, it "
                                   "belongs to the class of the largest output",
                                   {.min = 0, .max = 1, .above_min = true, .below_max = true});
  }
  std::string_view name() const override { return "f1_score"; }
  std::string why_unfit(TargetKind targets) const override {
    if (targets == TargetKind::kNumbers) return "whose targets are no classes; take mse or mae";
    if (targets == TargetKind::kBinary && !threshold_) return "whose targets are 0 and 1; give it a threshold, as 0.5";
    return "";
  }
  size_t sum_count(const Shape& prediction, TargetKind /*targets*/) const override {
    return 3 * static_cast<size_t>(ClassRows::columns_of(prediction));
  }
  /// For each class sums of weights: true positives, all that were said to be members, all members.
  void add_rows(const MeasuredRows& measured, std::span<double> sums) const override {
    const ClassRows rows(measured);
    for (int64_t r = 0; r < rows.size(); ++r) {
      const double weight = rows.weight(r);
      for (int64_t c = 0; c < rows.columns(); ++c) {
        const bool said = threshold_ ? rows.probability_above(r, c, *threshold_) : rows.is_largest(r, c);
        double* const of_class = &sums[static_cast<size_t>(3 * c)];
        const double member = weight * rows.share(r, c);
        if (said) of_class[0] += member;
        if (said) of_class[1] += weight;
        of_class[2] += member;
      }
    }
  }
  std::vector<double> values_of(std::span<const double> sums) const override {
    std::vector<double> values;
    double hits = 0;
    double said = 0;
    double members = 0;
    double weighted = 0;
    double total = 0;
    for (size_t i = 0; i < sums.size(); i += 3) {
      values.push_back(f1(sums[i], sums[i + 1], sums[i + 2]));
      hits += sums[i];
      said += sums[i + 1];
      members += sums[i + 2];
      weighted += values.back() * sums[i + 2];
      total += values.back();
    }
    if (average_ == "micro") return {f1(hits, said, members)};
    if (average_ == "macro") return {total / static_cast<double>(values.size())};
    if (average_ == "weighted") return {members == 0 ? 0 : weighted / members};
    return values;
  }
  bool has_several_values() const override { return average_ == "null"; }

 private:
  std::string average_;
  std::optional<double> threshold_;
};

}  // namespace

void register_f1_score(TrainingKinds& kinds) {
  kinds.metrics.add({.name = "F1Score",
                     .aliases = {"f1_score"},
                     .doc = "harmonic mean of precision and recall, for each class or as an average; in logs: f1_score",
                     .make = [](ConfigReader& c) -> MetricPtr { return std::make_shared<F1Score>(c); }});
}

}  // namespace hgq
