// Sample weights from a batch to the loss, the metrics and the update of a model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "hgq/core/error.h"
#include "hgq/core/rng.h"
#include "hgq/data/memory_dataset.h"
#include "hgq/layers/model.h"
#include "hgq/optim/optimizers.h"
#include "hgq/optim/train_step.h"
#include "warm_epoch.h"

namespace hgq {
namespace sample_weights_test {

using ::testing::ElementsAre;

constexpr int64_t kRows = 300;

/// Numbers from -1 to 1, a function of name and place.
Tensor numbers(const Shape& shape, uint64_t stream) {
  Tensor out(shape);
  for (int64_t i = 0; i < out.size(); ++i)
    out.data()[i] = static_cast<float>(normal_double(random_bits(3, stream, 0, static_cast<uint64_t>(i))));
  return out;
}

Tensor filled(const Shape& shape, float value) {
  Tensor out(shape);
  out.fill(value);
  return out;
}

/// A regression on two outputs; `weights`: none, one, or two.
MemoryDataset two_targets(std::vector<Tensor> weights, int64_t rows = kRows) {
  std::vector<NamedTensor> inputs;
  std::vector<NamedTensor> targets;
  std::vector<NamedTensor> named;
  inputs.push_back({"x", numbers(Shape{rows, 3}, 1)});
  targets.push_back({"a", numbers(Shape{rows, 2}, 2)});
  targets.push_back({"b", numbers(Shape{rows, 1}, 3)});
  for (Tensor& w : weights) named.push_back({"w", std::move(w)});
  return {std::move(inputs), std::move(targets), std::move(named)};
}

Model two_outputs() {
  const std::vector<LayerSpec> layers{Input("x", Shape{3}), HQuantize(), HDense(8).relu().name("hidden"),
                                      HDense(2).name("a"), HDense(1).name("b").from({"hidden"})};
  return Graph(layers, {.seed = 1}, {"a", "b"});
}

const Objective kObjective = {.losses = {mse(), mae()},
                              .weights = {1.0, 0.5},
                              .metrics = {mae_metric()},
                              .weighted_metrics = {mae_metric(), mse_metric()}};

Metrics evaluate(const MemoryDataset& data, int64_t batch_size) {
  Model model = two_outputs();
  Workers workers(1);
  return Evaluation(model, kObjective, workers).run(data, batch_size);
}

/// One weight a row: `first` for the first half, `second` for the others.
Tensor halves(float first, float second) {
  Tensor w(Shape{kRows});
  for (int64_t i = 0; i < kRows; ++i) w.data()[i] = i < kRows / 2 ? first : second;
  return w;
}

std::vector<Tensor> list(Tensor a) {
  std::vector<Tensor> out;
  out.push_back(std::move(a));
  return out;
}
std::vector<Tensor> list(Tensor a, Tensor b) {
  std::vector<Tensor> out = list(std::move(a));
  out.push_back(std::move(b));
  return out;
}

TEST(SampleWeights, OfTwoDoubleTheTaskLossAndLeaveTheMetrics) {
  const Metrics plain = evaluate(two_targets({}), 64);
  const Metrics doubled = evaluate(two_targets(list(filled(Shape{kRows, 1}, 2))), 64);
  for (const char* name : {"a_loss", "b_loss"}) EXPECT_NEAR(*doubled.find(name), 2 * *plain.find(name), 1e-6) << name;
  for (const char* name : {"a_mae", "a_weighted_mae", "b_mae", "b_weighted_mae", "a_mse", "b_mse"})
    EXPECT_NEAR(*doubled.find(name), *plain.find(name), 1e-6) << name;
}

TEST(SampleWeights, OfZeroLeaveRowsOutOfTheSumButNotOfTheCount) {
  const Metrics half = evaluate(two_targets(list(halves(1, 0))), 64);
  const MemoryDataset all = two_targets({});
  std::vector<int64_t> rows(kRows / 2);
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int64_t>(i);
  const Metrics first_half = evaluate(all.take(rows), 64);
  EXPECT_NEAR(*half.find("a_loss"), *first_half.find("a_loss") / 2, 1e-6);
  EXPECT_NEAR(*half.find("a_mse"), *first_half.find("a_mse"), 1e-6);  // sum(w m) / sum(w)
  EXPECT_NEAR(*half.find("a_weighted_mae"), *first_half.find("a_mae"), 1e-6);
  EXPECT_NEAR(*half.find("a_mae"), *evaluate(all, 64).find("a_mae"), 1e-6);
}

TEST(SampleWeights, AnEpochIsTheSameInBatchesOfAnySize) {
  const auto at = [](int64_t batch_size) { return evaluate(two_targets(list(numbers(Shape{kRows}, 9))), batch_size); };
  const Metrics whole = at(kRows);
  const Metrics parts = at(77);
  for (const auto& [name, value] : whole.entries()) EXPECT_NEAR(value, *parts.find(name), 2e-6) << name;
}

TEST(SampleWeights, OfAllZeroGiveWeightedMetricsOfZero) {
  EXPECT_EQ(*evaluate(two_targets(list(filled(Shape{kRows}, 0))), 64).find("a_mse"), 0.0);
}

TEST(SampleWeights, BelongToTheirOutputs) {
  const Metrics plain = evaluate(two_targets({}), 64);
  const Metrics own = evaluate(two_targets(list(filled(Shape{kRows}, 3), filled(Shape{kRows, 1}, 0.25F))), 64);
  EXPECT_NEAR(*own.find("a_loss"), 3 * *plain.find("a_loss"), 1e-6);
  EXPECT_NEAR(*own.find("b_loss"), 0.25 * *plain.find("b_loss"), 1e-6);
  std::vector<std::string> names;
  for (const auto& [name, value] : own.entries()) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("loss", "a_loss", "b_loss", "a_mae", "a_weighted_mae", "a_mse", "b_mae",
                                 "b_weighted_mae", "b_mse"));
}

/// All weights of the model after three epochs.
std::vector<float> trained(const MemoryDataset& data, int threads) {
  Model model = two_outputs();
  SGD sgd({.learning_rate = 0.05});
  Workers workers(threads);
  TrainStep step(model, kObjective, sgd, workers, 5);
  for (uint64_t epoch = 0; epoch < 3; ++epoch) {
    for (const Batch& batch : data.batches(100, 7, epoch)) step.run(batch);
  }
  std::vector<float> all;
  for (const Parameter* const p : model.parameters())
    all.insert(all.end(), p->value.values().begin(), p->value.values().end());
  return all;
}

TEST(SampleWeights, TrainTheSameBitsForAnyNumberOfThreads) {
  const MemoryDataset data = two_targets(list(numbers(Shape{kRows}, 9)));
  EXPECT_EQ(trained(data, 1), trained(data, 3));
  EXPECT_NE(trained(data, 1), trained(two_targets({}), 1));
}

TEST(SampleWeights, OfOneTrainTheBitsOfNone) {
  EXPECT_EQ(trained(two_targets(list(filled(Shape{kRows}, 1))), 2), trained(two_targets({}), 2));
}

TEST(SampleWeights, MayComeAndGoBetweenBatches) {
  const MemoryDataset weighted = two_targets(list(filled(Shape{kRows}, 2)));
  const MemoryDataset plain = two_targets({});
  Model model = two_outputs();
  Workers workers(1);
  ModelComputation computation(model, kObjective, Mode::kEvaluate, workers, 0);
  std::vector<double> losses;
  computation.start_epoch();
  for (const MemoryDataset* const data : {&plain, &weighted, &plain, &weighted}) {
    Batch batch;
    data->slice(0, kRows, batch);
    computation.forward(batch, 0);
    computation.add_batch();
    losses.push_back(computation.task_loss());
  }
  EXPECT_EQ(losses[0], losses[2]);
  EXPECT_EQ(losses[1], losses[3]);
  EXPECT_NEAR(losses[1], 2 * losses[0], 1e-6);
  EXPECT_NEAR(*computation.epoch_metrics().find("a_loss"), *evaluate(plain, 64).find("a_loss") * 1.5, 1e-6);
}

TEST(SampleWeights, AWarmStepTakesNoMemory) {
  if (!testing::kCountsAllocations) GTEST_SKIP() << "a sanitizer counts its own";
  const MemoryDataset data = two_targets(list(numbers(Shape{kRows}, 9)));
  Model model = two_outputs();
  SGD sgd({.learning_rate = 0.05});
  Workers workers(2);
  TrainStep step(model, kObjective, sgd, workers);
  Batches batches(data, 100);
  batches.shuffle(1, 0);
  EXPECT_EQ(testing::allocations_of_a_warm_epoch(step, batches), 0);
}

TEST(SampleWeights, ThatDoNotFitAreRefusedAndTheNextBatchIsTaken) {
  Model model = two_outputs();
  Workers workers(1);
  ModelComputation computation(model, kObjective, Mode::kEvaluate, workers, 0);
  Batch batch;
  const MemoryDataset wrong = two_targets(list(numbers(Shape{kRows, 5}, 9)));
  wrong.slice(0, kRows, batch);
  EXPECT_THROW(computation.forward(batch, 0), ShapeError);
  EXPECT_THROW(computation.forward(batch, 0), ShapeError);
  const MemoryDataset right = two_targets({});
  right.slice(0, kRows, batch);
  computation.forward(batch, 0);
  EXPECT_GT(computation.task_loss(), 0.0);
}

TEST(SampleWeights, AucHasNoWeightedForm) {
  Model model = two_outputs();
  Workers workers(1);
  Objective objective = kObjective;
  objective.weighted_metrics = {auc()};
  EXPECT_THROW(ModelComputation(model, objective, Mode::kEvaluate, workers, 0), ConfigError);
}

}  // namespace sample_weights_test
}  // namespace hgq
