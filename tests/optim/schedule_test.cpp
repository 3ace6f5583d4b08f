#include "hgq/optim/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/optim/kinds.h"
#include "hgq/optim/schedule_config.h"

namespace hgq {
namespace schedule_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Schedule read(const std::string& yaml, const ScheduleContext& context = {}) {
  ErrorList errors;
  const Node node = Node::from_yaml(yaml, "test.yaml", errors);
  const auto schedule = make_schedule(node, context, errors);
  errors.throw_if_any();
  return schedule.value();
}

std::string error_of(const std::string& yaml, const ScheduleContext& context = {}) {
  try {
    read(yaml, context);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(Schedule, NumberIsAConstant) {
  const Schedule s = 0.25;
  EXPECT_TRUE(s.is_constant());
  EXPECT_EQ(s(0), 0.25F);
  EXPECT_EQ(s(1000000), 0.25F);
}

TEST(Schedule, AnyFunctionOfTheStepIsOne) {
  const Schedule s([](int64_t step) { return step < 3 ? 1.0F : 0.5F; });
  EXPECT_FALSE(s.is_constant());
  EXPECT_EQ(s(2), 1.0F);
  EXPECT_EQ(s(3), 0.5F);
}

// From Keras 2.15, InverseTimeDecay(0.02, 6, 0.7).
TEST(Schedule, InverseTimeDecayIsKeras) {
  const std::vector<int64_t> steps{0, 1, 5, 6, 7, 12, 40};
  const std::vector<float> plain{0.019999999552965164F, 0.017910446971654892F, 0.012631579302251339F,
                                 0.011764705181121826F, 0.011009174399077892F, 0.00833333283662796F,
                                 0.0035294117406010628F};
  const std::vector<float> stairs{0.019999999552965164F, 0.019999999552965164F, 0.019999999552965164F,
                                  0.011764705181121826F, 0.011764705181121826F, 0.00833333283662796F,
                                  0.003846153849735856F};
  const InverseTimeDecay s{.initial_learning_rate = 0.02, .decay_steps = 6, .decay_rate = 0.7};
  const InverseTimeDecay t{.initial_learning_rate = 0.02, .decay_steps = 6, .decay_rate = 0.7, .staircase = true};
  for (size_t i = 0; i < steps.size(); ++i) {
    EXPECT_NEAR(s(steps[i]), plain[i], 2e-8) << steps[i];
    EXPECT_NEAR(t(steps[i]), stairs[i], 2e-8) << steps[i];
  }
}

// From Keras 2.15, PolynomialDecay(0.02, 8, 0.001, power=0.5, cycle=True).
TEST(Schedule, PolynomialDecayCyclesAsKeras) {
  const std::vector<int64_t> steps{0, 1, 7, 8, 9, 16, 17, 30};
  const std::vector<float> want{0.019999999552965164F,  0.018772872164845467F, 0.007717514410614967F,
                                0.0010000000474974513F, 0.013567318208515644F, 0.0010000000474974513F,
                                0.011261173523962498F,  0.005750000011175871F};
  const PolynomialDecay s{
      .initial_learning_rate = 0.02, .decay_steps = 8, .end_learning_rate = 0.001, .power = 0.5, .cycle = true};
  for (size_t i = 0; i < steps.size(); ++i) EXPECT_NEAR(s(steps[i]), want[i], 2e-8) << steps[i];
}

TEST(Schedule, RestartBeginsOnItsVeryStep) {
  for (const double t_mul : {1.0, 1.5, 2.0, 3.0}) {
    const CosineDecayRestarts s{.initial_learning_rate = 0.5, .first_decay_steps = 4096, .t_mul = t_mul};
    double start = 0;
    double length = 4096;
    for (int cycle = 0; cycle < 8; ++cycle) {
      start += length;
      length *= t_mul;
      const auto step = static_cast<int64_t>(start);
      if (static_cast<double>(step) != start) continue;
      EXPECT_EQ(s(step), 0.5F) << t_mul << ", cycle " << cycle;
      EXPECT_LT(s(step - 1), 1e-6F) << t_mul << ", cycle " << cycle;
    }
  }
}

TEST(Schedule, BoundaryHasTheValueBeforeIt) {
  const PiecewiseConstantDecay s{.boundaries = {10, 20}, .values = {3, 2, 1}};
  EXPECT_EQ(s(10), 3.0F);
  EXPECT_EQ(s(11), 2.0F);
  EXPECT_EQ(s(20), 2.0F);
  EXPECT_EQ(s(21), 1.0F);
}

TEST(Schedule, WarmUpRisesToTheFirstValueThenTheScheduleBegins) {
  const ExponentialDecay main{.initial_learning_rate = 0.8, .decay_steps = 2, .decay_rate = 0.5};
  const Schedule s = Schedule(main).with_warmup(4);
  std::vector<float> rates;
  for (int64_t step = 0; step < 4; ++step) rates.push_back(s(step));
  EXPECT_THAT(rates, ElementsAre(0.0F, 0.2F, 0.4F, 0.6F));
  for (int64_t step = 0; step < 10; ++step) EXPECT_EQ(s(4 + step), main(step));
  EXPECT_EQ(Schedule(0.5).with_warmup(2, 0.1)(1), static_cast<float>((static_cast<double>(0.1F) + 0.5) / 2));
  EXPECT_TRUE(Schedule(0.5).with_warmup(0).is_constant());
}

TEST(Schedule, FlatTailEndsEachCycle) {
  const CosineDecayRestarts s{
      .initial_learning_rate = 1, .first_decay_steps = 10, .t_mul = 1, .alpha = 0.25, .flat_steps = 4};
  const CosineDecay falling{.initial_learning_rate = 1, .decay_steps = 6, .alpha = 0.25};
  for (int64_t step = 0; step < 30; ++step) {
    const int64_t in_cycle = step % 10;
    EXPECT_EQ(s(step), in_cycle < 6 ? falling(in_cycle) : 0.25F) << step;
  }
}

TEST(Schedule, HeldFromAStepItStays) {
  const ExponentialDecay main{.initial_learning_rate = 1, .decay_steps = 1, .decay_rate = 0.5};
  const Schedule s = Schedule(main).held_from(3);
  EXPECT_EQ(s(2), 0.25F);
  EXPECT_EQ(s(3), 0.125F);
  EXPECT_EQ(s(100), 0.125F);
}

TEST(Schedule, ArgumentsThatMakeNoScheduleAreRefused) {
  EXPECT_THROW(Schedule(CosineDecay{.initial_learning_rate = 0.1}), ConfigError);
  EXPECT_THROW(Schedule(CosineDecay{.initial_learning_rate = -0.1, .decay_steps = 5}), ConfigError);
  EXPECT_THROW(Schedule(CosineDecay{.initial_learning_rate = 0.1, .decay_steps = 5, .flat_steps = 5}), ConfigError);
  EXPECT_THROW(Schedule(CosineDecayRestarts{.initial_learning_rate = 0.1, .first_decay_steps = 5, .t_mul = 0.5}),
               ConfigError);
  EXPECT_THROW(Schedule(PiecewiseConstantDecay{.boundaries = {1, 1}, .values = {1, 2, 3}}), ConfigError);
  EXPECT_THROW(Schedule(PiecewiseConstantDecay{.boundaries = {1}, .values = {1}}), ConfigError);
  EXPECT_THROW(Schedule(0.1).with_warmup(-1), ConfigError);
}

TEST(ScheduleConfig, NumberIsARate) {
  EXPECT_EQ(read("5.0e-3")(7), 5.0e-3F);
  EXPECT_THAT(error_of("-1"),
              HasSubstr("test.yaml:1:1: learning_rate: found the number -1, expected a number of at least 0"));
}

TEST(ScheduleConfig, EpochsAreTimesTheStepsOfOne) {
  const ScheduleContext context{.steps_per_epoch = 7};
  const Schedule epochs = read(
      "CosineDecayRestarts: {initial_learning_rate: 0.1, first_decay_epochs: 3, t_mul: 1, flat_epochs: 1}", context);
  const Schedule steps =
      read("CosineDecayRestarts: {initial_learning_rate: 0.1, first_decay_steps: 21, t_mul: 1, flat_steps: 7}");
  for (int64_t step = 0; step < 60; ++step) EXPECT_EQ(epochs(step), steps(step)) << step;
  const Schedule boundaries = read("PiecewiseConstantDecay: {boundaries_epochs: [1, 2], values: [3, 2, 1]}", context);
  EXPECT_EQ(boundaries(7), 3.0F);
  EXPECT_EQ(boundaries(8), 2.0F);
  EXPECT_EQ(boundaries(15), 1.0F);
}

TEST(ScheduleConfig, EveryScheduleTakesWarmUp) {
  EXPECT_EQ(read("Constant: {learning_rate: 0.5, warmup_steps: 10}")(5), 0.25F);
  EXPECT_EQ(read("Constant: 0.5")(5), 0.5F);
  const Schedule s = read(
      "ExponentialDecay: {initial_learning_rate: 0.5, decay_steps: 1, decay_rate: 0.5, warmup_epochs: 2, warmup_from: "
      "0.25}",
      {.steps_per_epoch = 2});
  EXPECT_EQ(s(0), 0.25F);
  EXPECT_EQ(s(2), 0.375F);
  EXPECT_EQ(s(4), 0.5F);
  EXPECT_EQ(s(5), 0.25F);
}

TEST(ScheduleConfig, WarmupTargetIsKerasOwnWarmUp) {
  const Schedule s =
      read("CosineDecay: {initial_learning_rate: 0.25, decay_steps: 8, warmup_target: 0.75, warmup_steps: 4}");
  EXPECT_EQ(s(0), 0.25F);
  EXPECT_EQ(s(2), 0.5F);
  EXPECT_EQ(s(4), 0.75F);
  EXPECT_EQ(s(12), 0.0F);
  EXPECT_THAT(error_of("CosineDecay: {initial_learning_rate: 0.25, decay_steps: 8, warmup_target: 0.75, warmup_steps: "
                       "4, warmup_from: 0.1}"),
              HasSubstr("CosineDecay.warmup_from: does not go with warmup_target"));
}

TEST(ScheduleConfig, FlatTailOfAScheduleWithoutAnEndIsThatOfTheTraining) {
  const std::string yaml =
      "ExponentialDecay: {initial_learning_rate: 1.0, decay_steps: 1, decay_rate: 0.5, flat_steps: 3}";
  const Schedule s = read(yaml, {.total_steps = 10});
  EXPECT_EQ(s(5), 0.03125F);
  EXPECT_EQ(s(6), 0.015625F);
  EXPECT_EQ(s(7), 0.015625F);
  EXPECT_EQ(s(9), 0.015625F);
  EXPECT_THAT(error_of(yaml, {.total_steps = 3}), HasSubstr("leaves nothing of the 3 steps of the training"));
}

TEST(ScheduleConfig, KerasOwnJsonIsRead) {
  ErrorList errors;
  const Node node = Node::from_yaml(
      "{module: keras.optimizers.schedules, class_name: CosineDecay, config: {initial_learning_rate: 0.5, decay_steps: "
      "4, alpha: 0.0, name: null, "
      "warmup_target: null, warmup_steps: 0}, registered_name: null}",
      "test.yaml", errors);
  const auto s = make_schedule(node, {}, errors);
  errors.throw_if_any();
  EXPECT_EQ((*s)(2), 0.25F);
}

TEST(ScheduleConfig, ErrorsSayWhereAndWhat) {
  EXPECT_THAT(error_of("CosineDecays: {initial_learning_rate: 0.1}"),
              HasSubstr("test.yaml:1:1: unknown learning rate schedule 'CosineDecays', did you mean 'CosineDecay'?"));
  EXPECT_THAT(error_of("CosineDecay: {initial_learning_rate: 0.1}"),
              HasSubstr("CosineDecay: missing key 'decay_steps'"));
  EXPECT_THAT(error_of("CosineDecay: {initial_learning_rate: 0.1, decay_steps: 0}"),
              HasSubstr("expected a number above 0"));
  EXPECT_THAT(error_of("CosineDecay: {initial_learning_rate: 0.1, decay_steps: 5, decay_epochs: 5}"),
              HasSubstr("CosineDecay.decay_epochs: is given beside decay_steps"));
  EXPECT_THAT(error_of("CosineDecay: {initial_learning_rate: 0.1, decay_step: 5}"),
              HasSubstr("did you mean 'decay_steps'?"));
  EXPECT_THAT(error_of("CosineDecay: {initial_learning_rate: 0.1, decay_steps: 5, flat_steps: 6}"),
              HasSubstr("leaves nothing of the 5 steps"));
  EXPECT_THAT(error_of("CosineDecayRestarts: {initial_learning_rate: 0.1, first_decay_steps: 5, t_mul: 0.5}"),
              HasSubstr("expected a number of at least 1"));
  EXPECT_THAT(error_of("PiecewiseConstantDecay: {boundaries: [2, 1], values: [1, 2, 3]}"),
              HasSubstr("expected rising numbers"));
  EXPECT_THAT(error_of("PiecewiseConstantDecay: {boundaries: [1, 2], values: [1, 2]}"),
              HasSubstr("found 2 values for 2 boundaries"));
  EXPECT_THAT(error_of("PiecewiseConstantDecay: {values: [1]}"),
              HasSubstr("expected one of 'boundaries' and 'boundaries_epochs'"));
  EXPECT_THAT(error_of("PolynomialDecay: {initial_learning_rate: 0.1, decay_steps: 5, cycle: true, flat_steps: 2}"),
              HasSubstr("does not go with flat_steps"));
  EXPECT_THAT(error_of("Constant: {learning_rate: 0.1, warmup_from: 0.05}"),
              HasSubstr("is given without warmup_steps"));
  EXPECT_THAT(error_of("[1, 2]"), HasSubstr("found a list, expected a learning rate schedule"));
}

TEST(ScheduleConfig, EveryKeyIsDocumented) {
  ErrorList errors;
  std::vector<KeyDoc> docs;
  for (const Kind<MakeSchedule>& kind : built_in_training_kinds().schedules.all()) {
    const std::string& name = kind.name;
    const size_t before = docs.size();
    make_schedule(Node::map({{name, Node::map({})}}), {}, errors, &docs);
    EXPECT_GT(docs.size(), before + 4) << name;
  }
  for (const KeyDoc& doc : docs) EXPECT_FALSE(doc.doc.empty()) << doc.section << "." << doc.key;
}

}  // namespace schedule_test
}  // namespace hgq
