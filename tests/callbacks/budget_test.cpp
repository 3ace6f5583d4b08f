// TargetBOPs: the controller against a simple plant, and over small trainings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "hgq/callbacks/budget_control.h"
#include "hgq/callbacks/kinds.h"
#include "hgq/core/error.h"
#include "training_fixture.h"

namespace hgq {
namespace budget_test {

using hgq::testing::SmallTraining;
using ::testing::HasSubstr;

std::unique_ptr<Callback> callback(const std::string& yaml, int epochs = 10) {
  ErrorList errors;
  auto made =
      make_callback(Node::from_yaml(yaml, "test", errors), {.epochs = epochs, .folder = ""}, CallbackKinds(), errors);
  errors.throw_if_any();
  return made;
}

std::string error_of(const std::string& yaml) {
  try {
    callback(yaml);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "";
}

// BOPs that fall at a rate which saturates in beta, rise slowly by themselves, and go on for ten batches.
struct Plant {
  double log_bops, fastest, hold;
  double rate = 0;
  double next(double beta) {
    const double push = beta / hold;
    const double wanted = fastest * (0.1 - push / (1 + push));
    rate += (wanted - rate) / 10;
    log_bops += rate;
    return std::exp(log_bops);
  }
};

TEST(BudgetControl, BringsPlantsOfAnySpeedAndScaleToTheTarget) {
  constexpr int64_t kBatches = 20;
  constexpr int kEpochs = 200;
  for (const double hold : {1e-8, 1e-5, 1e-2}) {
    for (const double fastest : {0.004, 0.01, 0.02}) {
      for (const double share : {0.8, 0.5, 0.1}) {
        Plant plant{.log_bops = std::log(20000.0), .fastest = fastest, .hold = hold};
        BudgetControl control({.target = share * 20000});
        control.begin(kBatches, kEpochs);
        double beta = hold / 100;
        double lowest = 1e9;
        int64_t settled = 0;
        for (int64_t step = 0; step < kBatches * kEpochs; ++step) {
          const double bops = plant.next(beta);
          beta = control.after_batch({.batch = step % kBatches, .bops = bops, .task_loss = hold * 1e5, .beta = beta});
          const double ratio = bops / (share * 20000);
          lowest = std::min(lowest, ratio);
          if (std::abs(ratio - 1) > 0.05) settled = step + 1;
        }
        // No plant falls faster than it can.
        const double possible = -std::log(share) / (0.9 * fastest);
        EXPECT_GT(lowest, 0.95) << hold << " " << fastest << " " << share;
        EXPECT_LT(static_cast<double>(settled), 2 * possible + 0.12 * kBatches * kEpochs)
            << hold << " " << fastest << " " << share;
      }
    }
  }
}

TEST(BudgetControl, ComesDownWhereTheTaskPushesTheBOPsUpThoughTheyAreNoisy) {
  constexpr int64_t kBatches = 20;
  constexpr int kEpochs = 400;
  constexpr double kTarget = 4000;
  for (const double noise : {0.0, 0.01, 0.03}) {
    // What holds it is ten times the beta at which the BOPs cost as much as the task.
    Plant plant{.log_bops = std::log(20000.0), .fastest = 0.01, .hold = 1e-5};
    const double task_loss = 0.1 * plant.hold / 9 * kTarget;
    BudgetControl control({.target = kTarget});
    control.begin(kBatches, kEpochs);
    double beta = 1e-7;
    double sum = 0;
    for (int64_t step = 0; step < kBatches * kEpochs; ++step) {
      const double bops = plant.next(beta);
      const double wave = noise * std::sin(2.4 * static_cast<double>(step));
      beta = control.after_batch(
          {.batch = step % kBatches, .bops = bops * (1 + wave), .task_loss = task_loss, .beta = beta});
      if (step >= kBatches * kEpochs * 9 / 10) sum += bops / kTarget;
      EXPECT_GT(bops, 0.95 * kTarget) << noise << " " << step;
    }
    EXPECT_NEAR(10 * sum / (kBatches * kEpochs), 1.05, 0.06) << noise;
  }
}

TEST(BudgetControl, StaysWithinItsLimits) {
  BudgetControl control({.target = 100, .min_beta = 1e-6, .max_beta = 1e-4});
  control.begin(10, 100);
  for (int64_t step = 0; step < 500; ++step) {  // nothing helps
    const double beta = control.after_batch({.batch = step % 10, .bops = 1e6, .task_loss = 1, .beta = 1e-5});
    EXPECT_GE(beta, 1e-6);
    EXPECT_LE(beta, 1e-4);
  }
  for (int64_t step = 0; step < 100; ++step)  // a network without BOPs
    EXPECT_GE(control.after_batch({.batch = step % 10, .bops = 0, .task_loss = 1, .beta = 1e-5}), 1e-6);
  EXPECT_EQ(control.after_batch({.batch = 0, .bops = 0, .task_loss = 1, .beta = 1e-5}), 1e-6);
}

TEST(BudgetControl, ItsStateIsAllOfIt) {
  BudgetControl whole({.target = 100});
  whole.begin(10, 100);
  const auto reading = [](int64_t step) {
    return BudgetControl::Reading{
        .batch = step % 10, .bops = 1000 / (1 + 0.1 * static_cast<double>(step)), .task_loss = 1, .beta = 1e-6};
  };
  for (int64_t step = 0; step < 57; ++step) whole.after_batch(reading(step));
  whole.after_epoch(140, 150);
  BudgetControl resumed({.target = 100});
  resumed.begin(10, 100);
  resumed.restore(nlohmann::json::parse(whole.state().dump()), "test");
  EXPECT_EQ(resumed.state(), whole.state());
  for (int64_t step = 57; step < 90; ++step)
    EXPECT_EQ(resumed.after_batch(reading(step)), whole.after_batch(reading(step)));
  nlohmann::json damaged = whole.state();
  damaged["u"] = "nan";
  EXPECT_THROW(resumed.restore(damaged, "test"), FileError);
}

TEST(TargetBOPs, RefusesWhatCannotBe) {
  EXPECT_THAT(error_of("TargetBOPs"), HasSubstr("missing key 'target'"));
  EXPECT_THAT(error_of("TargetBOPs: 0"), HasSubstr("target"));
  EXPECT_THAT(error_of("TargetBOPs: {target: 5, settle: 2}"), HasSubstr("settle"));
  EXPECT_THAT(error_of("TargetBOPs: {target: 5, min_beta: 1, max_beta: 0.5}"), HasSubstr("expected at most max_beta"));
}

std::string error_of_fit(const std::vector<std::string>& yaml, SmallTraining& s) {
  Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(1));
  for (const std::string& one : yaml) trainer.add(callback(one));
  try {
    trainer.fit(s.train, &s.validation);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "";
}

TEST(TargetBOPs, TwoThatSetBetaAreAnError) {
  SmallTraining s;
  EXPECT_THAT(error_of_fit({"FreeBOPs", "BetaSchedule: {from: 1.0e-6, to: 1.0e-4}", "TargetBOPs: 100"}, s),
              HasSubstr("TargetBOPs: sets beta, and so does BetaSchedule before it"));
  EXPECT_THAT(error_of_fit({"TargetBOPs: 100"}, s), HasSubstr("put FreeBOPs or CalibratedBOPs into the callbacks"));
}

TEST(TargetBOPs, LayersWithABetaOfTheirOwnAreAnError) {
  SmallTraining s;
  s.model = Sequential({HQuantize().beta(0), HDense(2).beta(1e-6)}, Shape{2}, {.seed = 3});
  EXPECT_THAT(error_of_fit({"FreeBOPs", "TargetBOPs: 100"}, s), HasSubstr("each layer has a beta of its own"));
}

// Enough inputs, so that one bit of one of them is not a tenth of the BOPs.
MemoryDataset rows_of_ten(int64_t rows, uint64_t stream) {
  constexpr int64_t kInputs = 10;
  Tensor x(Shape{rows, kInputs});
  Tensor y(Shape{rows});
  for (int64_t i = 0; i < rows; ++i) {
    float* const row = x.data() + i * kInputs;
    for (int64_t d = 0; d < kInputs; ++d) {
      const double value = normal_double(random_bits(7, stream, static_cast<uint64_t>(d), static_cast<uint64_t>(i)));
      row[d] = static_cast<float>(std::clamp(value, -1.9, 1.9));
    }
    y.data()[i] = row[0] * row[1] + row[2] - row[3] > 0 ? 1.0F : 0.0F;
  }
  std::vector<NamedTensor> inputs;
  inputs.push_back({"x", std::move(x)});
  std::vector<NamedTensor> targets;
  targets.push_back({"y", std::move(y)});
  return MemoryDataset(std::move(inputs), std::move(targets));
}

struct Outcome {
  double last = 0, lowest = 1e9;
  FitEnd end = FitEnd::kFinished;
  std::string reason;
};

Outcome train(std::initializer_list<LayerSpec> layers, double rate, double share, double beta,
              const std::string& measured) {
  constexpr int kEpochs = 120;
  SmallTraining s(1);
  s.train = rows_of_ten(600, 1);
  s.validation = rows_of_ten(200, 2);
  s.model = Sequential(layers, Shape{10}, {.seed = 3});
  s.model.set_beta(beta);
  Adam adam({.learning_rate = rate});
  Trainer::Options options = s.options(kEpochs);
  options.batch_size = 64;
  Trainer trainer(s.model, s.objective, adam, s.workers, options);
  // The first BOPs are those of the first batch.
  double first = 0;
  {
    Optimizer& still = adam;
    TrainStep step(s.model, s.objective, still, s.workers, 0);
    Batch batch;
    s.train.slice(0, s.train.size(), batch);
    step.forward(batch);
    first = step.bops();
  }
  const double target = share * first;
  trainer.add(callback("ResetMinMax"));
  trainer.add(callback(measured));
  trainer.add(callback("TargetBOPs: " + nlohmann::json(target).dump(), kEpochs));
  Outcome outcome{.end = trainer.fit(s.train, &s.validation), .reason = trainer.stop_reason()};
  bool was_above = false;
  const History& history = trainer.history();
  for (size_t i = 0; i < history.size(); ++i) {
    const std::optional<double> bops = history.find(i, "bops");
    if (!bops) continue;
    outcome.last = *bops / target;
    // A batch norm adapts its bits in the first batch, so that a network may begin below the target.
    was_above = was_above || outcome.last > 1;
    if (was_above) outcome.lowest = std::min(outcome.lowest, outcome.last);
  }
  return outcome;
}

TEST(TargetBOPs, KeepsTheTargetOverNetworksAndRates) {
  const std::string exact = "CalibratedBOPs";
  for (const double share : {0.7, 0.4}) {
    for (const Outcome& o :
         {train({HQuantize(), HDense(24).relu(), HDense(24).relu(), HDense(2)}, 5e-3, share, 1e-6, exact),
          train({HQuantize(), HDenseBatchNorm(48).relu(), HDense(2)}, 5e-3, share, 1e-6, exact),
          train({HQuantize(), HDense(32).relu(), HDense(2)}, 1e-2, share, 1e-3, "FreeBOPs"),
          train({HQuantize(), HDense(48).relu(), HDense(2)}, 5e-3, share, 0,
                "CalibratedBOPs: {every: 3, data: validation}")}) {
      EXPECT_EQ(o.end, FitEnd::kFinished) << o.reason;
      EXPECT_NEAR(o.last, 1, 0.12) << share;  // networks so small that a bit of an input is some percent
      EXPECT_GT(o.lowest, 0.85) << share;
    }
  }
}

TEST(TargetBOPs, SaysThatTheNetworkHasCollapsed) {
  // A target that no network has: the bits are gone before the task can learn.
  const Outcome o = train({HQuantize(), HDense(3).relu(), HDense(2)}, 5e-2, 1e-9, 1, "FreeBOPs");
  EXPECT_EQ(o.end, FitEnd::kStopped);
  EXPECT_THAT(o.reason, HasSubstr("TargetBOPs: epoch"));
  EXPECT_THAT(o.reason,
              HasSubstr("the network has collapsed: for 13 epochs an output has been the same for every row"));
}

}  // namespace budget_test
}  // namespace hgq
