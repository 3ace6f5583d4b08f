#include "hgq/callbacks/trainer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "../support/temporary_folder.h"
#include "hgq/callbacks/kinds.h"
#include "hgq/core/error.h"
#include "hgq/core/system_file.h"
#include "hgq/layers/hgq_file.h"
#include "training_fixture.h"

namespace hgq {
namespace trainer_test {

using hgq::testing::SmallTraining;

std::unique_ptr<Callback> callback(const std::string& yaml, int epochs) {
  ErrorList errors;
  const Node node = Node::from_yaml(yaml, "test", errors);
  auto made =
      make_callback(node, {.epochs = epochs, .folder = "", .free_bops_and_calibrated = false}, CallbackKinds(), errors);
  errors.throw_if_any();
  return made;
}

void add_callbacks(Trainer& trainer, int epochs) {
  trainer.add(callback("ResetMinMax", epochs));
  trainer.add(callback("FreeBOPs", epochs));
  trainer.add(callback("BetaSchedule: {from: 1.0e-6, to: 1.0e-3}", epochs));
  trainer.add(callback("ReduceLROnPlateau: {monitor: val_loss, patience: 1}", epochs));
}

/// All but the times.
std::string history_of(const Trainer& trainer) {
  const History& history = trainer.history();
  std::vector<std::string> columns = history.columns();
  std::erase(columns, "seconds");
  std::string text = History::header(columns);
  for (size_t row = 0; row < history.size(); ++row) text += history.line(row, columns);
  return text;
}

struct Result {
  std::vector<float> weights;
  std::string history;
};

Result uninterrupted(int epochs, int threads) {
  SmallTraining s(threads);
  Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(epochs));
  add_callbacks(trainer, epochs);
  EXPECT_EQ(trainer.fit(s.train, &s.validation), FitEnd::kFinished);
  return {s.weights(), history_of(trainer)};
}

// Sets the flag that Ctrl-C sets, after so many batches.
class InterruptAfter final : public Callback {
 public:
  InterruptAfter(std::atomic<bool>& flag, int batches) : flag_(flag), left_(batches) {}
  std::string_view name() const override { return "InterruptAfter"; }
  void on_batch_end(Training& /*t*/) override {
    if (--left_ == 0) flag_ = true;
  }

 private:
  std::atomic<bool>& flag_;
  int left_;
};

TEST(Trainer, LearnsAndWritesAHistory) {
  SmallTraining s;
  Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(60));
  trainer.fit(s.train, &s.validation);
  ASSERT_EQ(trainer.history().size(), 60U);
  EXPECT_GT(trainer.history().find(59, "val_accuracy").value_or(0), 0.9);
  EXPECT_GT(trainer.history().find(59, "val_auc").value_or(0), 0.95);
  EXPECT_EQ(trainer.history().to_csv().substr(0, 70),
            "epoch,loss,accuracy,auc,val_loss,val_accuracy,val_auc,beta,learning_ra");
}

TEST(Trainer, TheSameBitsForAnyNumberOfThreads) {
  const Result one = uninterrupted(3, 1);
  for (const int threads : {2, 3, 7}) {
    const Result more = uninterrupted(3, threads);
    EXPECT_EQ(more.weights, one.weights) << threads;
    EXPECT_EQ(more.history, one.history) << threads;
  }
}

// 600 rows in batches of 128: five batches an epoch. Interrupted behind every batch of three epochs, saved to a file,
// and gone on with.
TEST(Trainer, TheSameBitsInterruptedAtEveryBatch) {
  const Result whole = uninterrupted(3, 2);
  const TemporaryFolder folder;
  const std::string path = folder / "checkpoint.h5";
  for (int stop = 1; stop < 15; ++stop) {
    {
      SmallTraining s;
      std::atomic<bool> flag{false};
      Trainer::Options options = s.options(3);
      options.interrupted = &flag;
      options.write_checkpoint = [&](const nlohmann::json& state) {
        save_model(s.model, path, [&](h5::Group& hgq) { write_run_state(hgq, s.model, s.adam, state); });
      };
      Trainer trainer(s.model, s.objective, s.adam, s.workers, options);
      add_callbacks(trainer, 3);
      trainer.add(std::make_unique<InterruptAfter>(flag, stop));
      EXPECT_EQ(trainer.fit(s.train, &s.validation), FitEnd::kInterrupted) << stop;
    }
    SmallTraining s;
    Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(3));
    add_callbacks(trainer, 3);
    std::atomic<bool> flag{false};
    trainer.add(std::make_unique<InterruptAfter>(flag, 0));
    trainer.resume(read_run_state(h5::File::open(path).group("hgq"), s.model, s.adam));
    EXPECT_EQ(trainer.fit(s.train, &s.validation), FitEnd::kFinished);
    EXPECT_EQ(s.weights(), whole.weights) << stop;
    EXPECT_EQ(history_of(trainer), whole.history) << stop;
  }
}

// As Keras logs them: the whole, then each output's own, unweighted.
TEST(Trainer, SeveralOutputsHaveLossesOfTheirOwn) {
  const std::vector<LayerSpec> layers{Input("x", Shape{2}), HQuantize(), HDense(4).relu().name("hidden"),
                                      HDense(2).name("kind"), HDense(1).name("size").from({"hidden"})};
  Model model = Graph(layers, {.seed = 1}, {"kind", "size"});
  model.set_beta(0);
  const MemoryDataset data = hgq::testing::points(100, 1);
  std::vector<NamedTensor> inputs, targets;
  inputs.push_back({"x", Tensor(data.x().shape, data.x().values())});
  targets.push_back({"kind", Tensor(data.y().shape, data.y().values())});
  targets.push_back({"size", Tensor(Shape{100}, data.y().values())});
  const MemoryDataset rows(std::move(inputs), std::move(targets));
  Workers workers(1);
  Evaluation evaluation(
      model, {.losses = {sparse_categorical_crossentropy(), mse()}, .weights = {1.0, 0.25}, .metrics = {}}, workers);
  const Metrics metrics = evaluation.run(rows, 64, "val_");
  std::vector<std::string> names;
  for (const auto& [name, value] : metrics.entries()) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"val_loss", "val_kind_loss", "val_size_loss"}));
  EXPECT_GT(*metrics.find("val_size_loss"), 0.0);
  // The rest is the price of bits by the quantizers' own regularizers.
  EXPECT_NEAR(*metrics.find("val_loss"), *metrics.find("val_kind_loss") + 0.25 * *metrics.find("val_size_loss"), 2e-4);
}

TEST(Trainer, StopAfterEndsThereAndGoesOn) {
  const Result whole = uninterrupted(4, 2);
  nlohmann::json kept;
  SmallTraining s;
  Trainer::Options options = s.options(4);
  options.stop_after = 2;
  options.write_checkpoint = [&](const nlohmann::json& state) { kept = state; };
  Trainer first(s.model, s.objective, s.adam, s.workers, options);
  add_callbacks(first, 4);
  EXPECT_EQ(first.fit(s.train, &s.validation), FitEnd::kStopAfter);
  Trainer second(s.model, s.objective, s.adam, s.workers, s.options(4));
  add_callbacks(second, 4);
  second.resume(kept);
  EXPECT_EQ(second.fit(s.train, &s.validation), FitEnd::kFinished);
  EXPECT_EQ(s.weights(), whole.weights);
  EXPECT_EQ(history_of(second), whole.history);
}

TEST(Trainer, ALossThatIsNotFiniteEndsTheRun) {
  SmallTraining s;
  Adam wild({.learning_rate = 1e30});
  Trainer trainer(s.model, s.objective, wild, s.workers, s.options(20));
  try {
    trainer.fit(s.train, nullptr);
    FAIL();
  } catch (const RunError& e) {
    EXPECT_NE(std::string(e.what()).find("the loss is"), std::string::npos) << e.what();
  }
}

// Spoils a weight before the third epoch.
class Poison final : public Callback {
 public:
  std::string_view name() const override { return "Poison"; }
  void on_epoch_begin(Training& t) override {
    if (t.epoch == 2) t.model.parameters().front()->value.fill(std::nanf(""));
  }
};

TEST(Trainer, WhatCameBeforeALossThatIsNotFiniteIsWritten) {
  const TemporaryFolder folder;
  const std::string path = folder / "history.csv";
  SmallTraining s;
  Trainer::Options options = s.options(20);
  options.checkpoint_seconds = 1000;
  options.history_file = path;
  Trainer trainer(s.model, s.objective, s.adam, s.workers, options);
  trainer.add(std::make_unique<Poison>());
  EXPECT_THROW(trainer.fit(s.train, nullptr), RunError);
  EXPECT_EQ(History::from_csv(read_file(path, 1 << 20)).size(), 2U);
  EXPECT_EQ(trainer.history().size(), 0U);
  EXPECT_EQ(trainer.epochs(), 2);
}

TEST(Trainer, SaysWhichPartOfTheLossIsNotFinite) {
  for (const bool with_checkpoint : {false, true}) {
    for (const double beta : {0.0, 3e38}) {
      SmallTraining s;
      Trainer::Options options = s.options(20);
      if (with_checkpoint) options.write_checkpoint = [](const nlohmann::json&) {};
      Trainer trainer(s.model, s.objective, s.adam, s.workers, options);
      s.model.set_beta(beta);
      trainer.add(std::make_unique<Poison>());
      try {
        trainer.fit(s.train, nullptr);
        FAIL();
      } catch (const RunError& e) {
        const std::string message = e.what();
        const auto has = [&](const char* words) { return message.find(words) != std::string::npos; };
        EXPECT_EQ(has("beta times BOPs is not. Try a beta far below 3e+38"), beta > 0) << message;
        EXPECT_EQ(has("learning rate"), beta == 0) << message;
        EXPECT_EQ(has("last checkpoint"), with_checkpoint && beta == 0) << message;
      }
    }
  }
}

TEST(Trainer, RefusesTheStateOfOtherCallbacks) {
  SmallTraining s;
  nlohmann::json kept;
  Trainer::Options options = s.options(2);
  options.write_checkpoint = [&](const nlohmann::json& state) { kept = state; };
  Trainer first(s.model, s.objective, s.adam, s.workers, options);
  first.fit(s.train, nullptr);
  Trainer second(s.model, s.objective, s.adam, s.workers, s.options(2));
  add_callbacks(second, 2);
  EXPECT_THROW(second.resume(kept), FileError);
}

}  // namespace trainer_test
}  // namespace hgq
