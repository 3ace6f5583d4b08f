// Conditions over the logs of an epoch, StopWhen, and `when` of the callbacks that watch a metric.
#include "hgq/callbacks/condition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "hgq/callbacks/kinds.h"
#include "hgq/core/error.h"
#include "training_fixture.h"

namespace hgq {
namespace condition_test {

using hgq::testing::SmallTraining;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::unique_ptr<Callback> callback(const std::string& yaml, ErrorList& errors) {
  return make_callback(Node::from_yaml(yaml, "test", errors), {.epochs = 10, .folder = ""}, CallbackKinds(), errors);
}

std::unique_ptr<Callback> callback(const std::string& yaml) {
  ErrorList errors;
  auto made = callback(yaml, errors);
  errors.throw_if_any();
  return made;
}

std::string error_of(const std::string& yaml) {
  ErrorList errors;
  callback(yaml, errors);
  return errors.messages().empty() ? "" : errors.messages().front();
}

Metrics logs(std::initializer_list<std::pair<std::string, double>> values) {
  Metrics metrics;
  for (const auto& [name, value] : values) metrics.set(name, value);
  return metrics;
}

TEST(Condition, ComparesAndCombines) {
  const Condition both("bops < 3000 && val_accuracy > 0.9");
  EXPECT_EQ(both.holds(logs({{"bops", 2999}, {"val_accuracy", 0.91}})), true);
  EXPECT_EQ(both.holds(logs({{"bops", 3000}, {"val_accuracy", 0.91}})), false);
  EXPECT_EQ(both.holds(logs({{"bops", 10}, {"val_accuracy", 0.9}})), false);
  EXPECT_EQ(Condition("loss > 1 || x == 2").holds(logs({{"x", 2}, {"loss", 0}})), true);
  EXPECT_EQ(Condition("max(a, b) <= 2*a").holds(logs({{"a", 2}, {"b", 4}})), true);
  EXPECT_EQ(Condition("max(a, b) <= 2*a").holds(logs({{"a", 2}, {"b", 4.5}})), false);
  EXPECT_EQ(Condition("(b > 4) - (a > 4)").holds(logs({{"a", 0}, {"b", 4}})), false);
  EXPECT_EQ(Condition("loss < 1").holds(logs({{"loss", std::nan("")}})), false);
  EXPECT_EQ(Condition("loss * (a > 1)").holds(logs({{"loss", std::nan("")}, {"a", 2}})), false);
}

TEST(Condition, IsUnknownWithoutAValue) {
  EXPECT_EQ(Condition("bops < 3").holds(logs({{"loss", 1}})), std::nullopt);
  EXPECT_THAT(Condition("bops < 3").describe(logs({{"bops", 2.5}})), "bops < 3 (bops is 2.5)");
}

TEST(Condition, NamesItsVariablesOnce) {
  EXPECT_THAT(parse_named_expression("out_2_loss < a + a * exp(e * pi * a)").names(), ElementsAre("out_2_loss", "a"));
}

TEST(StopWhen, RefusesWhatIsNoCondition) {
  EXPECT_THAT(error_of("StopWhen"), HasSubstr("missing key 'condition'"));
  EXPECT_THAT(error_of("StopWhen: {condition: 'bops <'}"), HasSubstr("ends where a value is expected"));
  EXPECT_THAT(error_of("StopWhen: {condition: 'bops = 3'}"), HasSubstr("to compare, write =="));
  EXPECT_THAT(error_of("StopWhen: {condition: '1 < 2'}"), HasSubstr("no name of a metric"));
  EXPECT_THAT(error_of("StopWhen: {condition: loss}"),
              HasSubstr("'loss' compares nothing; expected a comparison, such as 'bops < 5000'"));
  EXPECT_THAT(error_of("StopWhen: {condition: loss && bops}"), HasSubstr("compares nothing"));
  EXPECT_THAT(error_of("EarlyStopping: {when: abs(bops)}"), HasSubstr("compares nothing"));
  for (const char* const comparison : {"<", "<=", ">", ">=", "==", "!="})
    EXPECT_EQ(error_of(concat("StopWhen: {condition: 'bops ", comparison, " 3'}")), "") << comparison;
  EXPECT_THAT(error_of("StopWhen: {condition: 'mean(bops) < 3'}"), HasSubstr("unknown function 'mean'"));
  EXPECT_THAT(error_of("StopWhen: {condition: [1]}"), HasSubstr("expected a condition"));
  EXPECT_THAT(error_of("EarlyStopping: {when: 'bops <= '}"), HasSubstr("when"));
}

TEST(StopWhen, NamesThatAreNotMeasuredAreErrorsWithTheNearest) {
  SmallTraining s;
  Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(3));
  trainer.add(callback("FreeBOPs"));
  trainer.add(callback("StopWhen: 'bops < 30 && val_acuracy > 0.9'"));
  trainer.add(callback("EarlyStopping: {when: val_los < 1}"));
  try {
    trainer.fit(s.train, &s.validation);
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_THAT(e.what(), HasSubstr("StopWhen: condition: 'val_acuracy' is not measured, did you mean 'val_accuracy'"));
    EXPECT_THAT(e.what(), HasSubstr("EarlyStopping: when: 'val_los' is not measured, did you mean 'val_loss'"));
  }
}

TEST(StopWhen, EndsAfterTheEpochAndItsPatience) {
  for (const auto& [yaml, epochs] : std::vector<std::pair<std::string, int64_t>>{
           {"StopWhen: beta >= 0", 1},
           {"StopWhen: {condition: beta >= 0, patience: 2}", 3},
           {"StopWhen: {condition: beta >= 0, patience: 1, start_from_epoch: 2}", 4},
           {"StopWhen: beta < 0", 6}}) {
    SmallTraining s;
    Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(6));
    trainer.add(callback(yaml));
    const FitEnd end = trainer.fit(s.train, &s.validation);
    EXPECT_EQ(trainer.epochs(), epochs) << yaml;
    EXPECT_EQ(end, epochs < 6 ? FitEnd::kStopped : FitEnd::kFinished) << yaml;
    const char* const reason = epochs == 1   ? "StopWhen: epoch 1: beta >= 0 (beta is 9.99"
                               : epochs == 3 ? "in 3 epochs one after the other"
                                             : "";
    EXPECT_THAT(trainer.stop_reason(), HasSubstr(reason));
  }
}

TEST(EarlyStopping, LooksOnlyAtEpochsInWhichTheConditionHolds) {
  SmallTraining s;
  Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(7));
  trainer.add(callback("FreeBOPs"));
  trainer.add(callback("EarlyStopping: {monitor: loss, patience: 1, min_delta: 100, when: 'bops < 0'}"));
  EXPECT_EQ(trainer.fit(s.train, &s.validation), FitEnd::kFinished);
  SmallTraining again;
  Trainer other(again.model, again.objective, again.adam, again.workers, again.options(7));
  other.add(callback("FreeBOPs"));
  other.add(callback("EarlyStopping: {monitor: loss, patience: 1, min_delta: 100, when: 'bops > 0'}"));
  EXPECT_EQ(other.fit(again.train, &again.validation), FitEnd::kStopped);
  EXPECT_EQ(other.epochs(), 2);
}

}  // namespace condition_test
}  // namespace hgq
