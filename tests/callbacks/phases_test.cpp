#include "hgq/callbacks/phases.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hgq/core/error.h"
#include "training_fixture.h"

namespace hgq {
namespace phases_test {

using hgq::testing::SmallTraining;

/// The values of a parameter at the end of each epoch, and what beta and the learning rate were.
class Watcher final : public Callback {
 public:
  struct Epoch {
    std::vector<float> kernel;
    double beta, rate;
  };
  explicit Watcher(std::vector<Epoch>& epochs) : epochs_(epochs) {}
  std::string_view name() const override { return "Watcher"; }
  void on_epoch_end(Training& t) override {
    const auto values = t.model.find("h_dense")->parameters().front()->value.values();
    epochs_.push_back(
        {{values.begin(), values.end()}, t.model.beta(), static_cast<double>(t.optimizer.learning_rate())});
  }

 private:
  std::vector<Epoch>& epochs_;
};

std::vector<Watcher::Epoch> train(const std::vector<TrainingPhase>& phases, int epochs) {
  SmallTraining s(1);
  Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(epochs));
  trainer.add(make_phases(phases));
  std::vector<Watcher::Epoch> seen;
  trainer.add(std::make_unique<Watcher>(seen));
  trainer.fit(s.train, nullptr);
  return seen;
}

TEST(Phases, EachHasItsBetaRateAndFrozenLayers) {
  const Schedule by_step([](int64_t step) { return 1e-3F * static_cast<float>(step + 1); });
  const std::vector<TrainingPhase> phases{
      {.epochs = 1, .beta = BetaRange{0, 0}, .learning_rate = Schedule(0.01), .freeze = std::vector<std::string>{}},
      {.epochs = 3,
       .beta = BetaRange{1e-6, 1e-4, true},
       .learning_rate = by_step,
       .freeze = std::vector<std::string>{"h_dense"}},
      {.beta_epochs = 2,
       .beta = BetaRange{0.2, 0.1},
       .learning_rate = by_step,
       .is_schedule_of_all = true,
       .freeze = std::vector<std::string>{}}};
  const std::vector<Watcher::Epoch> seen = train(phases, 7);
  ASSERT_EQ(seen.size(), 7U);
  // 600 rows are 5 batches; the rate of an epoch is that of its last step.
  const double rates[] = {0.01, 0.005, 0.010, 0.015, 0.025, 0.030, 0.035};
  const double betas[] = {0, 1e-6, 1e-5, 1e-4, 0.2, 0.1, 0.1};
  for (size_t e = 0; e < 7; ++e) {
    EXPECT_NEAR(seen[e].rate, rates[e], 1e-8) << e;
    EXPECT_NEAR(seen[e].beta, betas[e], 1e-8) << e;
    const bool frozen = e >= 1 && e <= 3;
    if (e == 0) continue;
    EXPECT_EQ(seen[e].kernel == seen[e - 1].kernel, frozen) << e;
  }
}

TEST(Phases, WhatCannotBeIsAnError) {
  EXPECT_THROW(make_phases({}), ConfigError);
  EXPECT_THROW(make_phases({{.beta = BetaRange{0, 0}}, {.epochs = 1}}), ConfigError);
  EXPECT_THROW(make_phases({{.beta = BetaRange{1, 2}}}), ConfigError);
  EXPECT_THROW(train({{.epochs = 1, .freeze = std::vector<std::string>{"nothing"}}}, 1), ConfigError);
}

TEST(Phases, EverythingFrozenTrainsNothing) {
  SmallTraining s(2);
  const std::vector<float> before = s.weights();
  Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(2));
  trainer.add(make_phases({{.freeze = std::vector<std::string>{"h_quantize", "h_dense_batch_norm", "h_dense"}}}));
  trainer.fit(s.train, &s.validation);
  size_t i = 0;
  for (const Parameter* const p : s.model.parameters()) {
    for (const float v : p->value.values()) EXPECT_EQ(v, before[i++]) << p->name;
  }
}

}  // namespace phases_test
}  // namespace hgq
