#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "../support/temporary_folder.h"
#include "hgq/callbacks/kinds.h"
#include "hgq/callbacks/pareto_front.h"
#include "hgq/callbacks/progress.h"
#include "hgq/callbacks/progress_line.h"
#include "hgq/core/error.h"
#include "hgq/layers/trace.h"
#include "training_fixture.h"

namespace hgq {
namespace callbacks_test {

using hgq::testing::SmallTraining;

std::unique_ptr<Callback> callback(const std::string& yaml, int epochs, const std::string& folder = "") {
  ErrorList errors;
  const Node node = Node::from_yaml(yaml, "test", errors);
  auto made = make_callback(node, {.epochs = epochs, .folder = folder, .free_bops_and_calibrated = false},
                            CallbackKinds(), errors);
  errors.throw_if_any();
  return made;
}

std::string error_of(const std::string& yaml) {
  try {
    callback(yaml, 10);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "";
}

// Looks at the model in the middle of what others do.
class Probe final : public Callback {
 public:
  std::string_view name() const override { return "Probe"; }
  void on_epoch_begin(Training& t) override {
    betas.push_back(t.model.beta());
    traced_at_begin.push_back(t.model.is_traced());
  }
  void on_epoch_end(Training& t) override { traced_at_end.push_back(t.model.is_traced()); }
  std::vector<double> betas;
  std::vector<bool> traced_at_begin, traced_at_end;
};

Probe* train_with(SmallTraining& s, Trainer& trainer, const std::string& yaml, int epochs) {
  if (!yaml.empty()) trainer.add(callback(yaml, epochs));
  auto probe = std::make_unique<Probe>();
  Probe* const looked = probe.get();
  trainer.add(std::move(probe));
  trainer.fit(s.train, &s.validation);
  return looked;
}

TEST(ResetMinMax, EmptiesTheRecordsBetweenEpochsAndNotAfterTheLast) {
  SmallTraining s;
  Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(3));
  const Probe& probe = *train_with(s, trainer, "ResetMinMax", 3);
  EXPECT_EQ(probe.traced_at_begin, (std::vector<bool>{false, false, false}));
  EXPECT_EQ(probe.traced_at_end, (std::vector<bool>{true, true, true}));
  EXPECT_TRUE(s.model.is_traced());
}

TEST(BetaSchedule, IsAPowerLawFromTheFirstEpochToTheLast) {
  SmallTraining s;
  Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(3));
  const Probe& probe = *train_with(s, trainer, "BetaSchedule: {from: 1.0e-6, to: 1.0e-4}", 3);
  ASSERT_EQ(probe.betas.size(), 3U);
  EXPECT_FLOAT_EQ(static_cast<float>(probe.betas[0]), 1e-6F);
  EXPECT_FLOAT_EQ(static_cast<float>(probe.betas[1]), 1e-5F);
  EXPECT_FLOAT_EQ(static_cast<float>(probe.betas[2]), 1e-4F);
}

TEST(BetaSchedule, IsALineWhereAsked) {
  SmallTraining s;
  Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(3));
  const Probe& probe = *train_with(s, trainer, "BetaSchedule: {from: 0, to: 1.0e-4, scale: linear}", 3);
  EXPECT_FLOAT_EQ(static_cast<float>(probe.betas[1]), 5e-5F);
}

TEST(FreeBops, AreThoseOfTheLastBatch) {
  SmallTraining s;
  Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(2));
  train_with(s, trainer, "FreeBOPs", 2);
  EXPECT_GT(trainer.history().find(1, "bops").value_or(0), 0);
}

TEST(CalibratedBops, AreTheExactOnesOfATrace) {
  SmallTraining s;
  Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(4));
  train_with(s, trainer, "CalibratedBOPs: {data: train, every: 2}", 4);
  EXPECT_EQ(trainer.history().find(0, "bops"), std::nullopt);
  EXPECT_EQ(trainer.history().find(3, "bops"), trace_minmax(s.model, s.train, s.workers).total);
}

// Spoils the weights after the last batch of the second epoch.
class LateSpoiler final : public Callback {
 public:
  std::string_view name() const override { return "LateSpoiler"; }
  void on_batch_end(Training& t) override {
    if (t.epoch != 1 || t.batch + 1 != t.batches) return;
    for (Parameter* const p : t.model.parameters()) p->value.fill(std::nanf(""));
  }
};

TEST(CalibratedBops, LeaveItToTheNextBatchToTellOfANetworkThatIsNotFinite) {
  for (const char* const yaml : {"FreeBOPs", "CalibratedBOPs"}) {
    SmallTraining s;
    Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(4));
    trainer.add(std::make_unique<LateSpoiler>());
    try {
      train_with(s, trainer, yaml, 4);
      FAIL() << yaml;
    } catch (const RunError& e) {
      EXPECT_EQ(std::string(e.what()).find("epoch 3, batch 1: the loss is not finite"), 0U) << yaml << e.what();
    }
  }
}

TEST(EarlyStopping, EndsAfterPatienceEpochs) {
  SmallTraining s;
  s.adam.set_learning_rate(0);
  Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(50));
  EXPECT_EQ((trainer.add(callback("EarlyStopping: {monitor: val_accuracy, patience: 3, min_delta: 2.0}", 50)),
             trainer.fit(s.train, &s.validation)),
            FitEnd::kStopped);
  EXPECT_EQ(trainer.history().size(), 4U);
  EXPECT_NE(trainer.stop_reason().find("has not improved"), std::string::npos);
}

TEST(ReduceLROnPlateau, LowersTheRate) {
  SmallTraining s;
  Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(4));
  train_with(s, trainer, "ReduceLROnPlateau: {monitor: val_loss, patience: 1, factor: 0.5, min_delta: 100}", 4);
  // Set after the second, third and fourth epoch; the last value has not been used yet.
  EXPECT_FLOAT_EQ(s.adam.learning_rate(), 0.01F * 0.5F * 0.5F * 0.5F);
}

TEST(ParetoFront, BeatsMeansNoWorseAndOnceBetter) {
  const ParetoFront front({});
  EXPECT_TRUE(front.beats({0.9, 100}, {0.8, 100}));
  EXPECT_TRUE(front.beats({0.9, 90}, {0.9, 100}));
  EXPECT_FALSE(front.beats({0.9, 100}, {0.9, 100}));
  EXPECT_FALSE(front.beats({0.95, 110}, {0.9, 100}));
}

TEST(ParetoFront, KeepsTheFilesOfTheFrontAndNoOthers) {
  const TemporaryFolder run;
  const std::filesystem::path folder = run / "pareto";
  SmallTraining s;
  Trainer::Options options = s.options(12);
  options.model_file = [] { return std::string("model"); };
  Trainer trainer(s.model, s.objective, s.adam, s.workers, options);
  trainer.add(callback("CalibratedBOPs", 12));
  trainer.add(callback("BetaSchedule: {from: 1.0e-6, to: 1.0e-2}", 12));
  auto pareto = callback("ParetoFront", 12, run.path());
  const auto& front = static_cast<const ParetoFront&>(*pareto);
  trainer.add(std::move(pareto));
  trainer.fit(s.train, &s.validation);
  ASSERT_FALSE(front.front().empty());
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    files += entry.path().extension() == ".h5" ? 1 : 0;
  EXPECT_EQ(files, front.front().size());
  for (const ParetoFront::Point& a : front.front()) {
    EXPECT_TRUE(std::filesystem::exists(folder / a.file));
    for (const ParetoFront::Point& b : front.front()) EXPECT_FALSE(front.beats(a.metrics, b.metrics));
  }
  std::ifstream table(folder / "pareto.csv");
  std::string header;
  std::getline(table, header);
  EXPECT_EQ(header, "file,epoch,val_accuracy,bops");
}

std::string progress_of(int epochs, bool terminal) {
  SmallTraining s;
  Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(epochs));
  std::FILE* const file = std::tmpfile();
  trainer.add(std::make_unique<Progress>(file, terminal));
  trainer.fit(s.train, &s.validation);
  std::rewind(file);
  std::string text;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
  std::fclose(file);
  return text;
}

TEST(Progress, IsAFewLinesInAPipeAndABarOnATerminal) {
  const std::string pipe = progress_of(200, false);
  const auto lines = std::ranges::count(pipe, '\n');
  EXPECT_GE(lines, 20);
  EXPECT_LE(lines, 26);
  EXPECT_EQ(pipe.rfind("epoch 1/200", 0), 0U);
  EXPECT_NE(pipe.find("epoch 200/200"), std::string::npos);
  const std::string terminal = progress_of(5, true);
  EXPECT_NE(terminal.find("epoch 5/5  loss "), std::string::npos) << terminal;
  EXPECT_EQ(std::ranges::count(terminal, '\n'), 1);
}

TEST(ProgressLine, NumbersAreShort) {
  EXPECT_EQ(short_number(0.30214), "0.3021");
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(304), "304");
  EXPECT_EQ(short_number(999.94), "999.9");
  EXPECT_EQ(short_number(999.96), "1.00k");
  EXPECT_EQ(short_number(-1234), "-1.23k");
  EXPECT_EQ(short_number(12345), "12.3k");
  EXPECT_EQ(short_number(999499), "999k");
  EXPECT_EQ(short_number(999600), "1.00M");
  EXPECT_EQ(short_number(5287978), "5.29M");
  EXPECT_EQ(short_number(1.2e-5), "1.2e-05");
  EXPECT_EQ(short_number(std::nan("")), "nan");
  EXPECT_EQ(short_duration(59.9), "59s");
  EXPECT_EQ(short_duration(185), "3m05s");
  EXPECT_EQ(short_duration(7620), "2h07m");
  EXPECT_EQ(short_duration(std::nan("")), "-");
}

TEST(ProgressLine, ShowsWhatFitsInOrder) {
  const std::vector<std::string> parts{"epoch 3/9", "loss 0.5", "bops 304", "b 1"};
  EXPECT_EQ(fitted(parts, 80), "epoch 3/9  loss 0.5  bops 304  b 1");
  EXPECT_EQ(fitted(parts, 29), "epoch 3/9  loss 0.5  bops 304");
  EXPECT_EQ(fitted(parts, 28), "epoch 3/9  loss 0.5");  // not "b 1", which would fit
  EXPECT_EQ(fitted(parts, 5), "epoch");
  EXPECT_EQ(fitted(parts, 0), "");
  EXPECT_EQ(fitted({"äöü", "ß"}, 6), "äöü  ß");  // characters, not bytes
  EXPECT_EQ(fitted({"äöü"}, 2), "äö");
}

TEST(Callbacks, TellWhatIsWrong) {
  EXPECT_NE(error_of("ResetMinmax").find("did you mean 'ResetMinMax'"), std::string::npos) << error_of("ResetMinmax");
  EXPECT_NE(error_of("BetaSchedule: {from: 1.0e-6}").find("'to'"), std::string::npos)
      << error_of("BetaSchedule: {from: 1.0e-6}");
  EXPECT_NE(error_of("BetaSchedule: {from: 0, to: 1.0e-6}").find("above 0"), std::string::npos);
  EXPECT_NE(error_of("ParetoFront: {metrics: [a, b], best: [max]}").find("one for each"), std::string::npos);
  EXPECT_NE(error_of("ParetoFront: {metrics: [a], best: [up]}").find("expected max or min"), std::string::npos);
  EXPECT_NE(error_of("EarlyStopping: {patience: -1}").find("patience"), std::string::npos);
  EXPECT_NE(error_of("CalibratedBOPs: {data: test}").find("test"), std::string::npos);
  EXPECT_NE(error_of("Checkpoint: {file: ../x.h5}").find("inside the run's folder"), std::string::npos);
  for (const char* const file : {"checkpoint.h5", "./proxy.h5", "rtl/x.h5", "summary.json", "folder/"})
    EXPECT_NE(error_of(concat("Checkpoint: {file: '", file, "'}")).find("Checkpoint.file"), std::string::npos) << file;
  EXPECT_EQ(error_of("Checkpoint: {file: 'best/x_{epoch}.h5'}"), "");
}

}  // namespace callbacks_test
}  // namespace hgq
