// What a plan keeps, computes again, and joins; how a batch is cut.
#include "hgq/autograd/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "hgq/core/error.h"
#include "tape_lab.h"

namespace hgq {
namespace plan_test {

using hgq::testing::Cut;
using hgq::testing::TapeLab;
using ::testing::HasSubstr;
using ::testing::Not;

/// Floats a row that live longer than one visit of a chunk.
int64_t kept_floats(const Plan& plan) {
  int64_t floats = 0;
  for (const Operand& operand : plan.operands())
    floats += operand.kind == Operand::Kind::kWhole ? operand.row_floats : 0;
  return floats;
}

size_t segments_run(const std::vector<Stage>& stages) {
  size_t count = 0;
  for (const Stage& s : stages) count += s.segment >= 0 ? 1 : 0;
  return count;
}

const auto kRoot = std::make_shared<const ops::UnaryFunction>(
    ops::UnaryFunction{"root", [](double x) { return std::sqrt(x); }, [](double /*x*/, double y) { return 0.5 / y; }});

/// x -> quantize -> matmul -> quantize with ReLU -> matmul, a network without batch norm.
Var chain(TapeLab& lab) {
  const Var x = lab.input("x", Shape{4}, -2, 2, false);
  const Var q = ops::quantize(x, lab.parameter("f0", Shape{1, 4}, 1, 4), {}).value;
  const Var h = ops::matmul(q, lab.parameter("w0", Shape{4, 6}));
  const Var a =
      ops::quantize(h, lab.parameter("f1", Shape{1, 6}, 1, 4), {.relu = true}, lab.parameter("b", Shape{6})).value;
  return ops::matmul(a, lab.parameter("w1", Shape{6, 3}));
}

TEST(Plan, WithoutABarrierAStepIsOneVisitAndNothingIsKept) {
  TapeLab lab;
  lab.tape.add_loss(ops::sparse_categorical_crossentropy(chain(lab), lab.labels("y", Shape{}, 3), true), "loss");
  const Plan plan(lab.tape, {});
  EXPECT_EQ(kept_floats(plan), 0);
  EXPECT_EQ(plan.segments().size(), 1U);
  EXPECT_EQ(segments_run(plan.forward_stages()), 1U);
  EXPECT_EQ(segments_run(plan.backward_stages()), 0U);
  EXPECT_THAT(plan.describe(), HasSubstr("kept for the whole batch: 0 floats a row"));
  EXPECT_THAT(plan.describe(), Not(HasSubstr("again:")));
  lab.expect_right({.gradient = 2e-4, .value = 1e-5});
}

TEST(Plan, SeveralLossesWithWeightsAreStillOneVisit) {
  TapeLab lab;
  const Var y = chain(lab);
  const Var mse = ops::mean_squared_error(y, lab.input("t", Shape{3}, -2, 2, false));
  lab.tape.add_loss(mse, "once", 0.5F);
  lab.tape.add_loss(ops::mean(y), "mean", -2.0F);
  lab.tape.add_loss(mse, "twice", 0.25F);
  const Plan plan(lab.tape, {});
  EXPECT_EQ(plan.segments().size(), 1U);
  EXPECT_EQ(segments_run(plan.backward_stages()), 0U);
  lab.expect_right({.gradient = 2e-4, .value = 1e-5});
}

// The gradient of the mean is known only after the whole batch, so backward is a visit of its own.
TEST(Plan, ALossBehindAnotherFunctionIsTwoVisits) {
  TapeLab lab;
  const Var y = chain(lab);
  lab.tape.add_loss(ops::unary(ops::mean_squared_error(y, lab.input("t", Shape{3}, -2, 2, false)), kRoot),
                    "root of the mean");
  const Plan plan(lab.tape, {});
  EXPECT_EQ(plan.segments().size(), 2U);
  EXPECT_EQ(segments_run(plan.forward_stages()), 1U);
  EXPECT_EQ(segments_run(plan.backward_stages()), 1U);
  lab.expect_right({.gradient = 2e-4, .value = 1e-5});
}

TEST(Plan, ALossThatIsAlsoScaledElsewhereIsTwoVisits) {
  TapeLab lab;
  const Var mean = ops::mean(ops::square(chain(lab)));
  lab.tape.add_loss(mean, "itself");
  lab.tape.add_loss(ops::multiply(mean, mean), "and squared");
  EXPECT_EQ(segments_run(Plan(lab.tape, {}).backward_stages()), 1U);
  lab.expect_right({.gradient = 2e-4, .value = 1e-5});
}

TEST(Plan, CheapValuesAreComputedAgainBehindABarrierOthersAreKept) {
  TapeLab lab;
  const Var x = lab.input("x", Shape{4}, -2, 2, false);
  const Var q = ops::quantize(x, lab.parameter("f", Shape{1, 4}, 1, 4), {}).value;
  const Var h = ops::matmul(q, lab.parameter("w", Shape{4, 3}));
  const Var centred = ops::subtract(h, ops::mean(h));
  lab.tape.add_loss(ops::mean(ops::square(centred)), "variance");
  const Plan plan(lab.tape, {});
  EXPECT_EQ(kept_floats(plan), 3 + 3);  // h, and its gradient; q and x are at hand
  EXPECT_THAT(plan.describe(), HasSubstr("again:quantize"));
  lab.expect_right();
}

TEST(Plan, InEvaluationThereIsNoBackward) {
  TapeLab lab;
  lab.tape.add_loss(ops::mean(chain(lab)), "mean");
  const Plan plan(lab.tape, {.gradients = false});
  EXPECT_TRUE(plan.parameters().empty());
  EXPECT_EQ(plan.seeds().size(), 0U);
  EXPECT_THAT(plan.describe(), Not(HasSubstr("back:")));
}

TEST(Plan, ParametersThatAreNotTrainableGetAGradientOnlyWhereAskedFor) {
  TapeLab lab;
  const Var x = lab.input("x", Shape{4});
  Parameter& frozen = lab.own_parameter("frozen", Shape{4, 2});
  Parameter& free = lab.own_parameter("free", Shape{2});
  frozen.trainable = false;
  lab.tape.add_loss(
      ops::mean(ops::square(ops::add(ops::matmul(x, lab.tape.parameter(frozen)), lab.tape.parameter(free)))), "loss");
  EXPECT_EQ(Plan(lab.tape, {}).parameters(), std::vector<Parameter*>{&free});
  EXPECT_EQ(Plan(lab.tape, {.all_parameters = true}).parameters().size(), 2U);
  lab.expect_right();
}

TEST(Plan, ParametersThatTheLossDoesNotDependOnHaveNone) {
  TapeLab lab;
  Parameter& used = lab.own_parameter("used", Shape{3});
  lab.parameter("unused", Shape{3});
  lab.tape.add_loss(ops::sum(ops::square(lab.tape.parameter(used))), "loss");
  EXPECT_EQ(Plan(lab.tape, {}).parameters(), std::vector<Parameter*>{&used});
}

// ---- cut_batch
TEST(CutBatch, CoversEachRowOnceWithChunksOfOneSizeButTheLast) {
  for (const int lanes : {1, 3, 16}) {
    for (const int64_t largest : {1, 2, 37, 512}) {
      for (const int64_t floats : {0, 10, 1000, 100000}) {
        for (const int64_t rows : {1, 2, 3, 31, 255, 256, 257, 511, 512, 513, 1000, 8191, 8192, 8193, 33200, 166000}) {
          const Chunks c = cut_batch(rows, {.row_floats = floats}, {.largest_chunk = largest, .lanes = lanes});
          SCOPED_TRACE(concat(rows, " rows, ", floats, " floats, chunks of ", largest, ", ", lanes, " lanes: ", c.count,
                              " of ", c.chunk_rows));
          ASSERT_EQ(c.rows, rows);
          ASSERT_GE(c.lanes, 1);
          ASSERT_LE(c.lanes, std::min<int64_t>(lanes, c.count));
          int64_t total = 0;
          for (int64_t i = 0; i < c.count; ++i) {
            ASSERT_GT(c.rows_of(i), 0);
            ASSERT_LE(c.rows_of(i), c.chunk_rows);
            ASSERT_TRUE(i + 1 == c.count || c.rows_of(i) == c.chunk_rows);
            total += c.rows_of(i);
          }
          ASSERT_EQ(total, rows);
          ASSERT_LE(c.chunk_rows, largest + largest / 2 + 1);
          ASSERT_EQ(c.first_of_lane(0), 0);
          ASSERT_EQ(c.first_of_lane(c.lanes), c.count);
          int64_t fewest = c.count;
          int64_t most = 0;
          for (int64_t lane = 0; lane < c.lanes; ++lane) {
            const int64_t n = c.first_of_lane(lane + 1) - c.first_of_lane(lane);
            fewest = std::min(fewest, n);
            most = std::max(most, n);
          }
          ASSERT_GE(fewest, 1);
          ASSERT_LE(most - fewest, 1);
        }
      }
    }
  }
}

TEST(CutBatch, TheNumberOfChunksIsAMultipleOfTheLanesWhereTheBatchAllows) {
  const Chunks c = cut_batch(33200, {.row_floats = 100}, {});
  EXPECT_EQ(c.count, 64);
  EXPECT_EQ(c.chunk_rows, 519);
  EXPECT_EQ(c.lanes, 64);
}

TEST(CutBatch, WideRowsMakeSmallerChunksButNotTiny) {
  EXPECT_EQ(cut_batch(100000, {.row_floats = 983}, {}).chunk_rows, 98);  // 384 KiB are 100 rows
  EXPECT_GE(cut_batch(100000, {.row_floats = 12000}, {}).chunk_rows, 31);
  EXPECT_EQ(cut_batch(128000, {.row_floats = 40000}, {}).chunk_rows, 13);  // 2 MiB
  EXPECT_GE(cut_batch(100000, {.row_floats = 1000000}, {}).chunk_rows, 7);
  EXPECT_EQ(cut_batch(200, {.row_floats = 10}, {}).count, 1);
  // 64 lanes, so that as many threads have work, but not where partial results are large.
  EXPECT_EQ(cut_batch(100000, {.row_floats = 1000, .lane_floats = 1000}, {}).lanes, 64);
  EXPECT_EQ(cut_batch(100000, {.row_floats = 1000, .lane_floats = 100000}, {}).lanes, 41);
  EXPECT_EQ(cut_batch(100000, {.row_floats = 1000, .lane_floats = 10000000}, {}).lanes, 16);
}

}  // namespace plan_test
}  // namespace hgq
