// Which runs go on at a rung.
#include "hgq/sweep/halving.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hgq::sweep {
namespace halving_test {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::vector<Objective> kObjectives{{"accuracy", true}, {"bops", false}};

Standing at(double accuracy, double bops, bool allowed = true) {
  return {.reached = true, .objectives = {accuracy, bops}, .allowed = allowed};
}

TEST(SweepRanking, FrontsThenDistance) {
  //                                 front 0        1              0            1 (beaten by 0)  0 (between)
  const std::vector<Standing> runs{at(0.9, 1000), at(0.9, 1100), at(0.5, 10), at(0.45, 20), at(0.8, 500)};
  EXPECT_THAT(front_numbers(runs, kObjectives), ElementsAre(0, 1, 0, 1, 0));
  EXPECT_THAT(ranked(runs, kObjectives), ElementsAre(0, 2, 4, 1, 3));
}

TEST(SweepRanking, WhatIsMissingOrForbiddenComesLast) {
  const std::vector<Standing> runs{
      at(0.99, 1, false), {.reached = true, .objectives = {std::nullopt, 5.0}}, at(0.1, 10), at(std::nan(""), 6)};
  EXPECT_THAT(ranked(runs, kObjectives).back(), 0U) << "a run that breaks a constraint";
  EXPECT_THAT(front_numbers(runs, kObjectives), ElementsAre(2, 0, 0, 1));
  EXPECT_THAT(ranked({}, kObjectives), IsEmpty());
}

RunRecord run_at(int64_t epochs, double accuracy, RunState state = RunState::kStopped) {
  RunRecord run;
  run.state = epochs == 0 && state == RunState::kStopped ? RunState::kWaiting : state;
  run.epochs = epochs;
  run.planned_epochs = 9;
  for (const int64_t rung : {1, 3}) {
    run.at_rungs.push_back(at(accuracy, 100));
    run.at_rungs.back().reached = epochs >= rung || state == RunState::kDone || state == RunState::kFailed;
  }
  return run;
}

class HalvingTest : public ::testing::Test {
 protected:
  HalvingTest() {
    sweep_.objectives = kObjectives;
    sweep_.halving = Halving{.rungs = {1, 3, 100}, .keep = 0.5};
  }
  NextRuns next(std::vector<RunRecord> runs) {
    sweep_.runs = std::move(runs);
    return next_runs(sweep_);
  }
  SweepRecord sweep_;
};

TEST_F(HalvingTest, GoesFromRungToRung) {
  NextRuns go = next({run_at(0, 0.1), run_at(0, 0.2), run_at(0, 0.3), run_at(0, 0.4)});
  EXPECT_THAT(go.runs, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(go.until, 1);
  go = next({run_at(1, 0.1), run_at(0, 0.2), run_at(1, 0.3), run_at(1, 0.4)});
  EXPECT_THAT(go.runs, ElementsAre(1)) << "no decision before all are there";
  go = next({run_at(1, 0.1), run_at(1, 0.2), run_at(1, 0.3), run_at(1, 0.4)});
  EXPECT_THAT(go.runs, ElementsAre(2, 3));
  EXPECT_EQ(go.until, 3);
  go = next({run_at(1, 0.1), run_at(1, 0.2), run_at(3, 0.3), run_at(3, 0.4)});
  EXPECT_THAT(go.runs, ElementsAre(3));
  EXPECT_EQ(go.until, 0) << "the rung at 100 is beyond the end";
  go = next({run_at(1, 0.1), run_at(1, 0.2), run_at(3, 0.3), run_at(9, 0.4, RunState::kDone)});
  EXPECT_THAT(go.runs, IsEmpty());
  mark_dropped(sweep_);
  EXPECT_EQ(sweep_.runs[0].state, RunState::kDropped);
  EXPECT_EQ(sweep_.runs[0].dropped_at, 1);
  EXPECT_EQ(sweep_.runs[2].dropped_at, 3);
  EXPECT_EQ(sweep_.runs[3].state, RunState::kDone);
}

TEST_F(HalvingTest, FailedRunsTakeNoPlaces) {
  const NextRuns go = next({run_at(0, 0.9, RunState::kFailed), run_at(1, 0.2), run_at(1, 0.3)});
  EXPECT_THAT(go.runs, ElementsAre(2));
  mark_dropped(sweep_);
  EXPECT_EQ(sweep_.runs[0].state, RunState::kFailed);
}

TEST_F(HalvingTest, WithoutHalvingAllGoToTheirEnd) {
  sweep_.halving.reset();
  const NextRuns go = next({run_at(1, 0.1), run_at(9, 0.2, RunState::kDone), run_at(0, 0.3)});
  EXPECT_THAT(go.runs, ElementsAre(0, 2));
  EXPECT_EQ(go.until, 0);
}

}  // namespace halving_test
}  // namespace hgq::sweep
