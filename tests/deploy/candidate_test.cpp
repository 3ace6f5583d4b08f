// What is measured of a model that could be built.
#include "hgq/deploy/candidate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hgq/data/memory_dataset.h"
#include "hgq/deploy/circuit_cost.h"
#include "hgq/deploy/registry.h"

namespace hgq {
namespace candidate_test {

MemoryDataset rows_of(int64_t rows, double speed) {
  Tensor x(Shape{rows, 4});
  Tensor y(Shape{rows});
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(2 * std::sin(speed * static_cast<double>(i)));
  for (int64_t r = 0; r < rows; ++r) y.data()[r] = x.data()[r * 4] > x.data()[r * 4 + 1] ? 1.0F : 0.0F;
  std::vector<NamedTensor> inputs;
  std::vector<NamedTensor> targets;
  inputs.push_back({"x", std::move(x)});
  targets.push_back({"y", std::move(y)});
  return {std::move(inputs), std::move(targets)};
}

class CandidateTest : public ::testing::Test {
 protected:
  Model model(bool softmax = false) {
    if (!softmax) return Sequential({HQuantize(), HDense(6).relu(), HDense(2)}, Shape{4}, {.seed = 3});
    return Sequential({HQuantize(), HDense(6).relu(), HDense(2), HActivation("softmax")}, Shape{4}, {.seed = 3});
  }
  const MemoryDataset train_ = rows_of(300, 0.37), validation_ = rows_of(90, 0.41), test_ = rows_of(110, 0.53);
  const Objective objective_{.losses = {sparse_categorical_crossentropy()}, .metrics = {accuracy()}};
  Workers workers_{2};
};

TEST_F(CandidateTest, HasTheNumbersOfTheDeploymentOnEitherSet) {
  Model m = model();
  const Candidate candidate =
      measure_candidate(m, objective_, {.train = &train_, .validation = &validation_, .test = &test_}, workers_);
  Model other = model();
  const Deployment on_test =
      deploy(other, objective_, {.train = &train_, .validation = &validation_, .test = &test_}, workers_);
  const Deployment on_validation = deploy(other, objective_, {.train = &train_, .validation = &validation_}, workers_);
  EXPECT_EQ(candidate.test.entries(), on_test.model_metrics.entries());
  EXPECT_EQ(candidate.validation.entries(), on_validation.model_metrics.entries());
  EXPECT_EQ(candidate.exact_bops, on_test.trace->total);
  EXPECT_EQ(candidate.rows, 110);
  EXPECT_TRUE(candidate.is_usable());
  Model third = model();
  const CircuitCost cost = circuit_cost(third, train_, workers_);
  const Candidate traced_on_train =
      measure_candidate(third, objective_, {.train = &train_}, workers_, {.stage_delay = 2});
  ASSERT_TRUE(traced_on_train.circuit);
  EXPECT_EQ(traced_on_train.circuit->luts, cost.circuit.luts);
  EXPECT_EQ(*traced_on_train.circuit->latency_ns, 2.0 * static_cast<double>(*traced_on_train.circuit->clocks));
  EXPECT_TRUE(traced_on_train.value("accuracy"));
  EXPECT_FALSE(traced_on_train.value("val_accuracy"));
}

TEST_F(CandidateTest, ASoftmaxMakesWayForItsInputs) {
  Model m = model(true);
  const Candidate candidate = measure_candidate(m, objective_, {.train = &train_}, workers_);
  EXPECT_TRUE(candidate.circuit) << candidate.no_circuit;
}

TEST_F(CandidateTest, AModelThatWentAstrayIsNoError) {
  Model m = model();
  m.parameters().front()->value.data()[0] = std::nanf("");
  const Candidate candidate = measure_candidate(m, objective_, {.train = &train_}, workers_);
  EXPECT_FALSE(candidate.is_usable());
  EXPECT_FALSE(candidate.exact_bops);
}

TEST_F(CandidateTest, NoStageCanBeAsShortAsNothing) {
  Model m = model();
  const Candidate candidate = measure_candidate(m, objective_, {.train = &train_}, workers_, {.stage_delay = 0.01});
  ASSERT_TRUE(candidate.circuit);
  EXPECT_FALSE(candidate.circuit->clocks);
  EXPECT_FALSE(candidate.value("latency_ns"));
  EXPECT_FALSE(candidate.value("ffs"));
}

}  // namespace candidate_test
}  // namespace hgq
