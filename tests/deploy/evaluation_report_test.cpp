// Reports of predictions: counts, curves and residuals by plain definitions. tests/cli/metrics_test.py compares them
// with the metrics of a run.
#include "hgq/deploy/evaluation_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "hgq/data/memory_dataset.h"

namespace hgq {
namespace evaluation_report_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<OutputReport> report_of(const LossPtr& loss, const EvaluatedOutput& output, std::vector<float> predictions,
                                    std::vector<float> targets, ModelExtras extras = {}) {
  extras.objective.losses = {loss};
  const auto rows = static_cast<int64_t>(predictions.size()) / output.shape.size();
  const auto tensor = [&](const std::vector<float>& values) {
    const auto size = static_cast<int64_t>(values.size());
    Tensor made(size == rows ? Shape{rows} : Shape{rows, size / rows});
    std::ranges::copy(values, made.data());
    return made;
  };
  std::vector<NamedTensor> inputs, of_targets;
  inputs.push_back({"x", Tensor(Shape{rows, 1})});
  of_targets.push_back({"y", tensor(targets)});
  const MemoryDataset data(std::move(inputs), std::move(of_targets));
  EvaluationReport report({output}, extras);
  int64_t first = 0;
  for (const Batch& batch : data.batches(3)) {
    const ConstTensorView own{predictions.data() + first * output.shape.size(), output.shape.with_front(batch.rows())};
    report.add(batch, std::vector<ConstTensorView>{own});
    first += batch.rows();
  }
  return report.outputs();
}

TEST(EvaluationReport, OfClasses) {
  ModelExtras extras;
  extras.classes = {ClassMap::of_text({"a", "b", "c"})};
  const std::vector<OutputReport> reports =
      report_of(sparse_categorical_crossentropy(), {"out", Shape{3}, "softmax"},
                {0.5F, 0.3F, 0.2F, 0.1F, 0.8F, 0.1F, 0.6F, 0.3F, 0.1F, 0.2F, 0.4F, 0.4F}, {0, 1, 1, 2}, extras);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_THAT(reports[0].confusion, ElementsAre(ElementsAre(1, 0, 0), ElementsAre(1, 1, 0), ElementsAre(0, 1, 0)));
  const ClassReport& b = reports[0].classes[1];
  EXPECT_EQ(b.name, "b");
  EXPECT_EQ(b.support, 2);
  EXPECT_EQ(b.predicted, 2);
  EXPECT_EQ(b.precision, 0.5);
  EXPECT_EQ(b.f1, 0.5);
  EXPECT_EQ(reports[0].classes[2].recall, 0);
  EXPECT_EQ(reports[0].classes[0].auc, 2.0 / 3);
  EXPECT_THAT(describe(reports), HasSubstr("precision"));
}

TEST(EvaluationReport, RocHasTheAreaOfAllPointsAndFewOfThem) {
  constexpr size_t kRows = 20000;
  std::vector<float> scores, labels;
  for (size_t i = 0; i < kRows; ++i) {
    const auto phase = static_cast<double>(i * i % 9973);
    labels.push_back(i % 3 == 0 ? 1.0F : 0.0F);
    scores.push_back(static_cast<float>(std::sin(phase) + (i % 3 == 0 ? 0.4 : 0)));
  }
  const std::vector<OutputReport> reports = report_of(binary_crossentropy(), {"out", Shape{1}, ""}, scores, labels);
  const std::vector<RocPoint>& roc = reports[0].classes[1].roc;
  EXPECT_EQ(roc.size(), kMostRocPoints);
  EXPECT_EQ(roc.front().true_positive_rate, 0);
  EXPECT_EQ(roc.back().false_positive_rate, 1);
  double area = 0;
  for (size_t i = 1; i < roc.size(); ++i)
    area += (roc[i].false_positive_rate - roc[i - 1].false_positive_rate) *
            (roc[i].true_positive_rate + roc[i - 1].true_positive_rate) / 2;
  EXPECT_NEAR(area, reports[0].classes[1].auc, 2e-3);
  EXPECT_NEAR(reports[0].classes[1].auc, area_under_curve(scores, labels), 0);
  EXPECT_NEAR(reports[0].classes[0].auc, reports[0].classes[1].auc, 1e-12);
}

TEST(EvaluationReport, OfAnswersOfTheirOwn) {
  const std::vector<OutputReport> reports = report_of(binary_crossentropy(), {"out", Shape{2}, "sigmoid"},
                                                      {0.9F, 0.2F, 0.8F, 0.7F, 0.1F, 0.6F}, {1, 0, 0, 1, 0, 1});
  EXPECT_TRUE(reports[0].confusion.empty());
  ASSERT_EQ(reports[0].classes.size(), 2U);
  EXPECT_EQ(reports[0].classes[0].precision, 0.5);
  EXPECT_EQ(reports[0].classes[1].recall, 1);
}

TEST(EvaluationReport, ResidualsAreInTheUnitOfTheTargets) {
  ModelExtras extras;
  extras.target_scaling = {{{100}, {10}}};
  const std::vector<OutputReport> reports =
      report_of(mse(), {"out", Shape{1}, ""}, {0.1F, 0.2F, 0.3F, 0.4F, 0.5F}, {0, 0, 0, 0, 0}, extras);
  const ResidualReport& residuals = reports[0].residuals[0];
  EXPECT_NEAR(residuals.mean, 3, 1e-5);
  EXPECT_NEAR(residuals.deviation, std::sqrt(2.0), 1e-5);
  EXPECT_NEAR(residuals.quantiles[3], 3, 1e-5);
  EXPECT_NEAR(residuals.quantiles[4], 1 + 4 * 0.84, 1e-4);
  EXPECT_EQ(residuals.counts.size(), kResidualBins);
  EXPECT_EQ(residuals.counts.front(), 1);
  EXPECT_EQ(residuals.counts.back(), 1);
  EXPECT_NEAR(residuals.edges.back(), 5, 1e-5);
  EXPECT_EQ(to_json(reports, {})["outputs"]["out"]["rows"], 5);
}

}  // namespace evaluation_report_test
}  // namespace hgq
