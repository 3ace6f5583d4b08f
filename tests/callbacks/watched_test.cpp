// Callbacks that watch metrics that are not measured.
#include "hgq/callbacks/watched.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hgq/callbacks/kinds.h"
#include "hgq/core/error.h"
#include "training_fixture.h"

namespace hgq {
namespace watched_test {

using hgq::testing::SmallTraining;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Callbacks = std::vector<std::unique_ptr<Callback>>;

Callbacks callbacks(const std::vector<std::string>& yaml) {
  Callbacks made;
  for (const std::string& text : yaml) {
    ErrorList errors;
    const CallbackContext context{.epochs = 9, .folder = "", .free_bops_and_calibrated = false};
    made.push_back(make_callback(Node::from_yaml(text, "test", errors), context, CallbackKinds(), errors));
    errors.throw_if_any();
  }
  return made;
}

std::vector<std::string> unmeasured(const std::vector<std::string>& yaml, bool validation = true) {
  const std::vector<std::string> measured{"loss", "accuracy"};
  std::vector<std::string> messages;
  for (const UnmeasuredMetric& metric : find_unmeasured(callbacks(yaml), measured, validation))
    messages.push_back(metric.message);
  return messages;
}

TEST(Watched, WhatIsMeasuredIsTaken) {
  EXPECT_THAT(
      unmeasured({"FreeBOPs", "EarlyStopping", "ReduceLROnPlateau: {monitor: loss}", "EarlyStopping: {monitor: bops}",
                  "ParetoFront", "Checkpoint: {save_best_only: true, monitor: learning_rate}"}),
      ElementsAre());
  EXPECT_THAT(unmeasured({"ParetoFront: {metrics: [val_loss, bops, beta], best: [min, min, max]}", "CalibratedBOPs"}),
              ElementsAre());
  EXPECT_THAT(unmeasured({"Checkpoint: {monitor: val_auc}"}), ElementsAre()) << "it saves at every epoch";
}

TEST(Watched, EveryCallbackThatWatchesIsChecked) {
  for (const std::string yaml :
       {"EarlyStopping: {monitor: val_los}", "ReduceLROnPlateau: {monitor: val_los}",
        "Checkpoint: {save_best_only: true, monitor: val_los}", "ParetoFront: {metrics: [val_los, beta]}"}) {
    const std::vector<std::string> messages = unmeasured({yaml});
    ASSERT_EQ(messages.size(), 1U) << yaml;
    EXPECT_THAT(messages[0], HasSubstr("'val_los' is not measured, did you mean 'val_loss'?; there are: loss, "
                                       "accuracy, val_loss, val_accuracy"));
  }
}

TEST(Watched, TellsWhatIsMissing) {
  EXPECT_THAT(unmeasured({"EarlyStopping"}, false),
              ElementsAre("EarlyStopping: monitor: 'val_loss' is not measured, as the run has no validation set; give "
                          "one (data.validation), or take 'loss'; there are: loss, accuracy"));
  EXPECT_THAT(unmeasured({"ParetoFront"}),
              ElementsAre(HasSubstr("'bops' is not measured; put FreeBOPs or CalibratedBOPs into the callbacks")));
  EXPECT_THAT(
      unmeasured({"EarlyStopping: {monitor: bops}", "FreeBOPs"}),
      ElementsAre(HasSubstr(
          "'bops' is not measured before this callback runs, as FreeBOPs comes after it; put FreeBOPs before it")));
  EXPECT_THAT(unmeasured({"EarlyStopping: {monitor: free_bops}", "FreeBOPs"}), ::testing::SizeIs(1));
}

TEST(Watched, ATrainingOfOnesOwnIsRefusedBeforeItBegins) {
  SmallTraining s;
  Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(2));
  for (auto& callback : callbacks({"EarlyStopping: {monitor: val_acuracy}", "ParetoFront"}))
    trainer.add(std::move(callback));
  const std::vector<float> before = s.weights();
  try {
    trainer.fit(s.train, &s.validation);
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_THAT(e.what(),
                HasSubstr("EarlyStopping: monitor: 'val_acuracy' is not measured, did you mean 'val_accuracy'?"));
    EXPECT_THAT(e.what(), HasSubstr("\nParetoFront: metrics: 'bops' is not measured"));
    EXPECT_THAT(e.what(), HasSubstr("there are: loss, accuracy, auc, val_loss, val_accuracy, val_auc, beta"));
  }
  EXPECT_EQ(s.weights(), before);
}

TEST(Watched, NamesOfSeveralOutputsAreThoseOfTheHistory) {
  Model model = Graph(std::vector{Input("x", {2}), HQuantize().name("q").from({"x"}), HDense(2).name("a").from({"q"}),
                                  HDense(2).name("b").from({"q"})});
  const Objective objective{
      .losses = {mse(), mse()}, .weights = {}, .metrics = {mae_metric()}, .weighted_metrics = {mae_metric()}};
  Workers workers(1);
  const ModelComputation computation(model, objective, Mode::kEvaluate, workers, 0);
  std::vector<std::string> names;
  const Metrics metrics = computation.epoch_metrics();
  for (const auto& [name, value] : metrics.entries()) names.push_back(name);
  EXPECT_EQ(objective.logged_names(std::vector<std::string>{"a", "b"}), names);
  EXPECT_THAT(names, ElementsAre("loss", "a_loss", "b_loss", "a_mae", "a_weighted_mae", "b_mae", "b_weighted_mae"));
}

TEST(Watched, ANameForTwoThingsIsRefused) {
  const std::vector<std::string> measured{"loss", "val_loss", "other_loss"};  // an output called 'val'
  EXPECT_THAT(ambiguous_names({}, measured, true), ElementsAre("val_loss"));
  EXPECT_THAT(ambiguous_names({}, measured, false), ElementsAre());
  EXPECT_THAT(ambiguous_names({}, std::vector<std::string>{"loss", "mse", "mse"}, true), ElementsAre());
}

}  // namespace watched_test
}  // namespace hgq
