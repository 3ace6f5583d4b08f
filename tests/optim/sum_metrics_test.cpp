// Metrics that keep sums: the numbers of Keras 2.15 (from the examples in its documentation of each metric), plain
// counts beside them for every kind of target, and values that do not depend on the batches.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "hgq/core/error.h"
#include "hgq/data/memory_dataset.h"
#include "hgq/optim/kinds.h"
#include "hgq/optim/optimizers.h"
#include "hgq/optim/prediction_evaluation.h"
#include "hgq/optim/train_step.h"
#include "warm_epoch.h"

namespace hgq {
namespace sum_metrics_test {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pointwise;

MetricPtr metric_of(const std::string& text) {
  ErrorList errors;
  const MetricPtr metric =
      make_metric(Node::from_yaml(text, "a.yaml", errors), built_in_training_kinds().metrics, errors);
  EXPECT_THAT(errors.messages(), IsEmpty()) << text;
  return metric;
}

struct Rows {
  Shape shape;  // of the predictions
  std::vector<float> predictions, targets, weights{};
  TargetKind targets_are = TargetKind::kOneHot;
  std::string_view function = "softmax";

  MeasuredRows measured() const {
    const Shape of_targets =
        targets_are == TargetKind::kClassNumbers ? Shape{static_cast<int64_t>(targets.size())} : shape;
    return {{predictions.data(), shape}, {targets.data(), of_targets}, targets_are, function, weights};
  }
};

std::vector<double> values(const std::string& metric, const Rows& rows) {
  const MetricPtr m = metric_of(metric);
  std::vector<double> sums(m->sum_count(rows.shape.without_front(), rows.targets_are), 0.0);
  EXPECT_FALSE(sums.empty()) << metric;
  m->add_rows(rows.measured(), sums);
  return m->values_of(sums);
}

TEST(SumMetrics, PrecisionAndRecallOfKeras) {
  Rows rows{Shape{4, 1}, {1, 0, 1, 1}, {0, 1, 1, 1}, {}, TargetKind::kBinary, "sigmoid"};
  EXPECT_THAT(values("Precision", rows), ElementsAre(DoubleNear(0.6666667, 1e-7)));
  EXPECT_THAT(values("Recall", rows), ElementsAre(DoubleNear(0.6666667, 1e-7)));
  rows.weights = {0, 0, 1, 0};
  EXPECT_THAT(values("Precision", rows), ElementsAre(1.0));
  EXPECT_THAT(values("recall", rows), ElementsAre(1.0));
  const Rows one_row{Shape{1, 4}, {1, 1, 1, 1}, {0, 0, 1, 1}};
  EXPECT_THAT(values("{Precision: {top_k: 2}}", one_row), ElementsAre(0.0));
  EXPECT_THAT(values("{Precision: {top_k: 4}}", one_row), ElementsAre(0.5));
  EXPECT_THAT(values("Precision", {Shape{2, 1}, {0, 0}, {1, 1}, {}, TargetKind::kBinary, "sigmoid"}), ElementsAre(0.0));
}

TEST(SumMetrics, F1ScoreOfKeras) {
  const Rows rows{Shape{3, 3}, {0.2F, 0.6F, 0.7F, 0.2F, 0.6F, 0.6F, 0.6F, 0.8F, 0.0F}, {1, 1, 1, 1, 0, 0, 1, 1, 0}};
  EXPECT_THAT(values("{F1Score: {threshold: 0.5}}", rows), Pointwise(DoubleNear(1e-7), {0.5, 0.8, 0.6666666865348816}));
  EXPECT_THAT(values("{F1Score: {threshold: 0.5, average: macro}}", rows), ElementsAre(DoubleNear(0.65555556, 1e-7)));
  EXPECT_THAT(values("{F1Score: {threshold: 0.5, average: micro}}", rows), ElementsAre(DoubleNear(0.66666667, 1e-7)));
  EXPECT_THAT(values("{F1Score: {threshold: 0.5, average: weighted}}", rows),
              ElementsAre(DoubleNear(0.62777778, 1e-7)));
  // The largest of each row, of equal ones all: columns 2, 1 and 2, 1.
  EXPECT_THAT(values("F1Score", rows), Pointwise(DoubleNear(1e-7), {0.0, 2.0 / 4, 2.0 / 3}));
}

TEST(SumMetrics, TopKOfKeras) {
  Rows rows{Shape{2, 3}, {0.1F, 0.9F, 0.8F, 0.05F, 0.95F, 0}, {0, 0, 1, 0, 1, 0}};
  EXPECT_THAT(values("{TopKCategoricalAccuracy: 1}", rows), ElementsAre(0.5));
  rows.weights = {0.7F, 0.3F};
  EXPECT_THAT(values("{TopKCategoricalAccuracy: {k: 1}}", rows), ElementsAre(DoubleNear(0.3, 1e-7)));
  EXPECT_THAT(values("TopKCategoricalAccuracy", rows), ElementsAre(1.0));
  rows.targets = {2, 1};
  rows.targets_are = TargetKind::kClassNumbers;
  EXPECT_THAT(values("{SparseTopKCategoricalAccuracy: 1}", rows), ElementsAre(DoubleNear(0.3, 1e-7)));
  EXPECT_THAT(values("{SparseTopKCategoricalAccuracy: 2}", rows), ElementsAre(1.0));
  // Equal outputs at the boundary are all found, as tf.math.in_top_k has it.
  const Rows ties{Shape{2, 3}, {1, 1, 1, 0, 1, 1}, {2, 0}, {}, TargetKind::kClassNumbers};
  EXPECT_THAT(values("{TopKCategoricalAccuracy: 1}", ties), ElementsAre(0.5));
}

TEST(SumMetrics, RootMeanSquaredErrorOfKeras) {
  Rows rows{Shape{2, 2}, {1, 1, 0, 0}, {0, 1, 0, 0}, {}, TargetKind::kNumbers, ""};
  EXPECT_THAT(values("RootMeanSquaredError", rows), ElementsAre(0.5));
  rows.weights = {1, 0};
  EXPECT_THAT(values("rmse", rows), ElementsAre(DoubleNear(0.70710677, 1e-7)));
}

float wave(int64_t i, double speed) { return static_cast<float>(std::sin(speed * static_cast<double>(i) + 0.3)); }

// Every kind of target, as logits and as probabilities, with and without weights and class: precision and recall are
// those of decisions counted here.
TEST(SumMetrics, CountsForEveryKindOfTarget) {
  constexpr int64_t kSamples = 60;
  constexpr int64_t kColumns = 4;
  for (const TargetKind kind : {TargetKind::kBinary, TargetKind::kOneHot, TargetKind::kClassNumbers}) {
    const std::string final_function = kind == TargetKind::kBinary ? "sigmoid" : "softmax";
    for (const std::string& function : {final_function, std::string("linear")}) {
      for (const bool weighted : {false, true}) {
        SCOPED_TRACE(concat(static_cast<int>(kind), " ", function, " ", weighted));
        Rows rows{Shape{kSamples, kColumns}, {}, {}, {}, kind, function};
        double hits[2] = {}, said[2] = {}, members[2] = {};  // of all classes, of class 2
        for (int64_t r = 0; r < kSamples; ++r) {
          const double weight = weighted ? 0.5 + static_cast<double>(r % 3) : 1;
          if (weighted) rows.weights.push_back(static_cast<float>(weight));
          double logits[kColumns], sum = 0;
          for (int64_t c = 0; c < kColumns; ++c) sum += std::exp(logits[c] = 2 * wave(r * kColumns + c, 1.7));
          if (kind == TargetKind::kClassNumbers) rows.targets.push_back(static_cast<float>((r + r / 5) % kColumns));
          for (int64_t c = 0; c < kColumns; ++c) {
            const double p = kind == TargetKind::kBinary ? 1 / (1 + std::exp(-logits[c])) : std::exp(logits[c]) / sum;
            rows.predictions.push_back(static_cast<float>(function == "linear" ? logits[c] : p));
            const bool is = kind == TargetKind::kBinary ? (r + c) % 3 == 0 : (r + r / 5) % kColumns == c;
            if (kind != TargetKind::kClassNumbers) rows.targets.push_back(is ? 1 : 0);
            for (const int of : {0, 1}) {
              if (of == 1 && c != 2) continue;
              hits[of] += p > 0.4 && is ? weight : 0;
              said[of] += p > 0.4 ? weight : 0;
              members[of] += is ? weight : 0;
            }
          }
        }
        ASSERT_GT(hits[1], 0);
        for (const int of : {0, 1}) {
          const std::string keys = concat("{thresholds: 0.4", of == 1 ? ", class_id: 2" : "", "}}");
          EXPECT_THAT(values("{Precision: " + keys, rows), ElementsAre(::testing::DoubleEq(hits[of] / said[of])));
          EXPECT_THAT(values("{Recall: " + keys, rows), ElementsAre(::testing::DoubleEq(hits[of] / members[of])));
        }
        const double p = hits[1] / said[1], r = hits[1] / members[1];
        EXPECT_NEAR(values("{F1Score: {threshold: 0.4}}", rows)[2], 2 * p * r / (p + r), 1e-14);
      }
    }
  }
}

const std::vector<std::string> kAll = {"{Precision: {class_id: 1}}",
                                       "{Recall: {class_id: 1, name: found}}",
                                       "F1Score",
                                       "{F1Score: {average: macro, name: f1}}",
                                       "{TopKCategoricalAccuracy: 2}",
                                       "accuracy"};

/// Rows of three classes, with weights.
MemoryDataset three_classes() {
  constexpr int64_t kSamples = 101;
  Tensor x(Shape{kSamples, 3}), y(Shape{kSamples}), w(Shape{kSamples});
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = 4 * wave(i, 0.9);
  for (int64_t i = 0; i < kSamples; ++i) y.data()[i] = static_cast<float>((i + i / 5) % 3);
  for (int64_t i = 0; i < kSamples; ++i) w.data()[i] = static_cast<float>(i % 4);
  return {{{"x", std::move(x)}}, {{"y", std::move(y)}}, {{"w", std::move(w)}}};
}

Objective all_metrics() {
  Objective objective{.losses = {sparse_categorical_crossentropy()}};
  for (const std::string& metric : kAll) {
    objective.metrics.push_back(metric_of(metric));
    objective.weighted_metrics.push_back(metric_of(metric));
  }
  return objective;
}

/// Values over three classes, in batches of this many rows.
Metrics over_batches(int64_t batch_rows) {
  const MemoryDataset data = three_classes();
  const Objective objective = all_metrics();
  const Model model = Sequential({HQuantize(), HDense(3)}, Shape{3});
  Workers workers(2);
  PredictionEvaluation evaluation(model, objective, workers);
  for (const Batch& batch : data.batches(batch_rows)) {
    const std::vector<ConstTensorView> predictions(batch.inputs().begin(), batch.inputs().end());
    evaluation.add(batch, predictions);
  }
  return evaluation.metrics();
}

TEST(SumMetrics, AnEpochDoesNotDependOnItsBatches) {
  const Metrics whole = over_batches(101);
  std::vector<std::string> names;
  for (const auto& [name, value] : whole.entries()) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("task_loss", "precision", "found", "f1_score_0", "f1_score_1", "f1_score_2", "f1",
                                 "top_k_categorical_accuracy", "accuracy", "weighted_precision", "weighted_found",
                                 "weighted_f1_score_0", "weighted_f1_score_1", "weighted_f1_score_2", "weighted_f1",
                                 "weighted_top_k_categorical_accuracy", "weighted_accuracy"));
  EXPECT_NE(*whole.find("precision"), *whole.find("weighted_precision"));
  for (const int64_t batch_rows : {1, 7, 50}) {
    const Metrics found = over_batches(batch_rows);
    for (const auto& [name, value] : whole.entries()) {
      if (name.find("accuracy") != std::string::npos && name.find("top_k") == std::string::npos) continue;
      if (name == "task_loss") continue;
      EXPECT_EQ(*found.find(name), value) << name << " " << batch_rows;
    }
  }
}

TEST(SumMetrics, AWarmStepTakesNoMemory) {
  if (!testing::kCountsAllocations) GTEST_SKIP() << "a sanitizer counts its own";
  const MemoryDataset data = three_classes();
  Objective objective = all_metrics();
  objective.metrics.push_back(auc());
  Model model = Sequential({HQuantize(), HDense(3)}, Shape{3});
  SGD sgd({.learning_rate = 0.05});
  Workers workers(2);
  TrainStep step(model, objective, sgd, workers);
  Batches batches(data, 32);
  EXPECT_EQ(testing::allocations_of_a_warm_epoch(step, batches), 0);
}

TEST(SumMetrics, WrongKeysAreErrors) {
  const auto errors_of = [](const std::string& text) {
    ErrorList errors;
    make_metric(Node::from_yaml(text, "a.yaml", errors), built_in_training_kinds().metrics, errors);
    return errors.messages();
  };
  EXPECT_THAT(errors_of("{Precision: {thresholds: [0.3, 0.5]}}"),
              ElementsAre(HasSubstr("list the metric once for each")));
  EXPECT_THAT(errors_of("{Precision: {thresholds: 50}}"), ElementsAre(HasSubstr("expected")));
  EXPECT_THAT(errors_of("{Recall: {thresholds: 0.5, top_k: 2}}"), ElementsAre(HasSubstr("instead of a threshold")));
  EXPECT_THAT(errors_of("{F1Score: {average: makro}}"), ElementsAre(HasSubstr("did you mean 'macro'")));
  EXPECT_THAT(errors_of("{TopKCategoricalAccuracy: 0}"), ElementsAre(HasSubstr("expected")));
  EXPECT_THAT(errors_of("{AUC: {name: 'a,b'}}"), ElementsAre(HasSubstr("expected letters, digits and _")));
  const MetricPtr second = metric_of("{Precision: {class_id: 5}}");
  EXPECT_THROW(second->sum_count(Shape{5}, TargetKind::kOneHot), ConfigError);
  EXPECT_THROW(metric_of("F1Score")->check_fits(*binary_crossentropy()), ConfigError);
  EXPECT_THROW(metric_of("TopKCategoricalAccuracy")->check_fits(*binary_crossentropy()), ConfigError);
  EXPECT_THROW(metric_of("Recall")->check_fits(*mse()), ConfigError);
}

}  // namespace sum_metrics_test
}  // namespace hgq
