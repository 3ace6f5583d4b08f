// Predictions are measured as the model's own outputs are: the same losses, metrics and weights, to the bit.
#include "hgq/optim/prediction_evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "hgq/core/error.h"
#include "hgq/core/rng.h"
#include "hgq/data/memory_dataset.h"
#include "hgq/layers/predict.h"
#include "hgq/optim/train_step.h"

namespace hgq {
namespace prediction_evaluation_test {

using ::testing::ElementsAre;

constexpr int64_t kRows = 500;
constexpr int64_t kBlock = 170;  // the last block is shorter

Tensor waves(const Shape& shape, double speed) {
  Tensor out(shape);
  for (int64_t i = 0; i < out.size(); ++i)
    out.data()[i] = static_cast<float>(std::sin(speed * static_cast<double>(i)) + 0.1);
  return out;
}

/// `weights`: how many arrays of sample weights there are.
MemoryDataset rows_of(std::vector<NamedTensor> targets, size_t weights) {
  std::vector<NamedTensor> inputs;
  std::vector<NamedTensor> given;
  inputs.push_back({"x", waves(Shape{kRows, 3}, 0.7)});
  for (size_t i = 0; i < weights; ++i) given.push_back({"w", waves(Shape{kRows}, 0.3 + 0.1 * static_cast<double>(i))});
  return {std::move(inputs), std::move(targets), std::move(given)};
}

MemoryDataset two_targets(size_t weights) {
  std::vector<NamedTensor> targets;
  targets.push_back({"a", waves(Shape{kRows, 2}, 0.11)});
  targets.push_back({"b", waves(Shape{kRows, 1}, 0.13)});
  return rows_of(std::move(targets), weights);
}

Model two_outputs() {
  const std::vector<LayerSpec> layers{Input("x", Shape{3}), HQuantize(), HDense(8).relu().name("hidden"),
                                      HDense(2).name("a"), HDense(1).name("b").from({"hidden"})};
  return Graph(layers, {.seed = 1}, {"a", "b"});
}

const Objective kTwo = {.losses = {mse(), mae()},
                        .weights = {1.0, 0.5},
                        .metrics = {mae_metric()},
                        .weighted_metrics = {mae_metric(), mse_metric()}};

/// Measures of the predictions that the model itself makes.
Metrics of_predictions(Model& model, const Objective& objective, const Dataset& data, Workers& workers) {
  Predictor predictor(model, workers);
  PredictionEvaluation evaluation(model, objective, workers);
  for (const Batch& batch : data.batches(kBlock)) evaluation.add(batch, views_of(predictor.run(batch.inputs())));
  return evaluation.metrics();
}

void expect_as_of_the_model(Model model, const Objective& objective, const Dataset& data) {
  Workers workers(2);
  const Metrics expected = Evaluation(model, objective, workers).run(data, kBlock);
  const Metrics found = of_predictions(model, objective, data, workers);
  EXPECT_EQ(found.entries().size(), expected.entries().size());
  for (const auto& [name, value] : expected.entries()) {
    if (name == "loss") continue;  // with BOPs and regularizers
    ASSERT_NE(found.find(name), nullptr) << name;
    EXPECT_EQ(*found.find(name), value) << name;
  }
}

TEST(PredictionEvaluation, GivesTheBitsOfTheModel) {
  for (const size_t weights : {0U, 1U, 2U}) {
    SCOPED_TRACE(weights);
    expect_as_of_the_model(two_outputs(), kTwo, two_targets(weights));
  }
}

TEST(PredictionEvaluation, TheLossIsTheWeightedSumOfTheLosses) {
  Model model = two_outputs();
  Workers workers(1);
  const Metrics found = of_predictions(model, kTwo, two_targets(1), workers);
  EXPECT_NEAR(*found.find("task_loss"), *found.find("a_loss") + 0.5 * *found.find("b_loss"), 1e-12);
  std::vector<std::string> names;
  for (const auto& [name, value] : found.entries()) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("task_loss", "a_loss", "b_loss", "a_mae", "a_weighted_mae", "a_mse", "b_mae",
                                 "b_weighted_mae", "b_mse"));
}

TEST(PredictionEvaluation, AucIsOfAllRowsAndClassesAreNumbers) {
  std::vector<NamedTensor> targets;
  targets.push_back({"y", Tensor(Shape{kRows})});
  for (int64_t i = 0; i < kRows; ++i) targets[0].value.data()[i] = static_cast<float>(i * i % 7 % 2);
  const Objective objective{.losses = {sparse_categorical_crossentropy()},
                            .weights = {},
                            .metrics = {accuracy(), auc()},
                            .weighted_metrics = {accuracy()}};
  expect_as_of_the_model(Sequential({HQuantize(), HDense(2)}, Shape{3}), objective, rows_of(std::move(targets), 1));
}

/// The curve of a class is that of its probability, whether the network ends with logits or with a softmax.
TEST(PredictionEvaluation, LogitsOrderRowsByProbability) {
  for (const int64_t classes : {2, 3, 4}) {
    constexpr int64_t kMany = 200;
    Tensor logits(Shape{kMany, classes});
    Tensor probabilities(Shape{kMany, classes});
    Tensor numbers(Shape{kMany});
    Tensor one_hot(Shape{kMany, classes});
    for (int64_t r = 0; r < kMany; ++r) {
      const auto target = static_cast<int64_t>(random_bits(1, 2, 0, static_cast<uint64_t>(r)) % classes);
      numbers.data()[r] = static_cast<float>(target);
      one_hot.data()[r * classes + target] = 1;
      double sum = 0;
      for (int64_t c = 0; c < classes; ++c) {
        const uint64_t bits = random_bits(1, 3, 0, static_cast<uint64_t>(r * classes + c));
        float& logit = logits.data()[r * classes + c];
        logit = static_cast<float>(3 * normal_double(bits)) + (c == target ? 1.0F : 0.0F);
        sum += std::exp(static_cast<double>(logit));
      }
      for (int64_t c = 0; c < classes; ++c)
        probabilities.data()[r * classes + c] =
            static_cast<float>(std::exp(static_cast<double>(logits.data()[r * classes + c])) / sum);
    }
    for (const TargetKind kind : {TargetKind::kClassNumbers, TargetKind::kOneHot}) {
      const ConstTensorView targets = kind == TargetKind::kOneHot ? one_hot.view() : numbers.view();
      EpochRows of_logits;
      of_logits.add(logits.view(), targets, kind, "linear");
      EpochRows of_softmax;
      of_softmax.add(probabilities.view(), targets, kind, "softmax");
      EXPECT_NEAR(auc()->value(of_logits), auc()->value(of_softmax), 1e-6);
    }
  }
}

TEST(PredictionEvaluation, PredictionsThatDoNotFitAreRefused) {
  const Model model = two_outputs();
  Workers workers(1);
  PredictionEvaluation evaluation(model, kTwo, workers);
  const MemoryDataset data = two_targets(0);
  Batch batch;
  data.slice(0, kRows, batch);
  const Tensor a(Shape{kRows, 2});
  const Tensor b(Shape{kRows, 1});
  const std::vector<ConstTensorView> one{a.view()};
  const std::vector<ConstTensorView> swapped{b.view(), a.view()};
  const std::vector<ConstTensorView> right{a.view(), b.view()};
  EXPECT_THROW(evaluation.add(batch, one), ShapeError);
  EXPECT_THROW(evaluation.add(batch, swapped), ShapeError);
  evaluation.add(batch, right);
  EXPECT_GT(*evaluation.metrics().find("task_loss"), 0.0);
  EXPECT_THROW(PredictionEvaluation(model, {.losses = {mse()}, .weights = {}, .metrics = {}}, workers), ConfigError);
}

}  // namespace prediction_evaluation_test
}  // namespace hgq
