// Phases of the main thread add up to the whole, and tasks of a team are noted with them.
#include "hgq/core/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "hgq/core/clock.h"
#include "hgq/core/machine_rates.h"
#include "hgq/core/parallel.h"

namespace hgq {
namespace profile_test {

using ::testing::ElementsAre;

void work_for(double seconds) {
  for (const double begin = seconds_now(); seconds_now() - begin < seconds;) {
  }
}

const Profile::Phase& phase_of(const std::vector<Profile::Phase>& phases, const std::string& name) {
  return *std::ranges::find(phases, name, &Profile::Phase::name);
}

TEST(Profile, PhasesAddUpToTheWhole) {
  Profile profile;
  const int outer = profile.add_phase("outer");
  EXPECT_EQ(profile.add_phase("outer"), outer);
  {
    const PhaseTimer before(&profile, outer);  // not started yet: without effect
    work_for(0.001);
  }
  profile.start();
  {
    const PhaseTimer timer(&profile, outer);
    work_for(0.002);
    for (int i = 0; i < 3; ++i) {
      const PhaseTimer inner(&profile, "inner");
      work_for(0.002);
    }
    work_for(0.002);
  }
  work_for(0.001);
  profile.stop();
  const std::vector<Profile::Phase> phases = profile.phases();
  double sum = 0;
  for (const Profile::Phase& phase : phases) sum += phase.seconds;
  EXPECT_NEAR(sum, profile.seconds(), 1e-3 * profile.seconds());
  EXPECT_GE(phase_of(phases, "outer").seconds, 0.004);
  EXPECT_GE(phase_of(phases, "inner").seconds, 0.006);
  EXPECT_GE(phase_of(phases, "other").seconds, 0.001);
  EXPECT_EQ(phase_of(phases, "outer").calls, 1);
  EXPECT_EQ(phase_of(phases, "inner").calls, 3);
  const PhaseTimer nowhere(nullptr, "nothing");
}

TEST(Profile, TasksOfATeamAreNotedInThePhase) {
  for (const int threads : {1, 3}) {
    Profile profile;
    Workers workers(threads);
    workers.set_profile(&profile);
    workers.run(4, [](int64_t, int) {});  // before start()
    profile.start();
    {
      const PhaseTimer timer(&profile, "shared");
      for (int i = 0; i < 2; ++i) workers.run(4, [](int64_t task, int) { work_for(task == 2 ? 0.004 : 0.001); });
      workers.run(2, [](int64_t, int) { work_for(0.001); });
      work_for(0.002);
    }
    profile.stop();
    const std::vector<Profile::Phase> phases = profile.phases();
    const Profile::Phase& shared = phase_of(phases, "shared");
    ASSERT_EQ(shared.regions.size(), 2U);
    const Profile::Region& four = shared.regions[0];
    EXPECT_EQ(four.tasks, 4);
    EXPECT_EQ(four.calls, 2);
    EXPECT_EQ(std::ranges::max_element(four.task_seconds) - four.task_seconds.begin(), 2);
    EXPECT_GE(four.task_seconds[2], 0.008);
    EXPECT_GE(shared.task_seconds(), 2 * 0.007 + 2 * 0.001);
    EXPECT_LE(shared.shared_seconds(), shared.seconds);
    if (threads == 1) {
      EXPECT_GE(shared.shared_seconds(), shared.task_seconds());
    }
    EXPECT_TRUE(phase_of(phases, "other").regions.empty());
  }
}

TEST(Profile, OperationsAreSummedOverThreads) {
  Profile profile;
  const int first = profile.add_operation({.layer = "a", .name = "matmul", .products_per_row = 8}, 2);
  profile.add_operation_time(first, 0, 1000, 5);  // before start()
  profile.start();
  const int second = profile.add_operation({.layer = "b", .name = "relu"}, 3);  // also while it runs
  const int64_t begin = now_ticks();
  work_for(0.002);
  const int64_t ticks = now_ticks() - begin;
  profile.add_operation_time(first, 0, ticks, 5);
  profile.add_operation_time(first, 1, 2 * ticks, 7);
  profile.add_operation_time(second, 2, ticks, 1);
  profile.stop();
  const std::vector<Profile::OperationTime> times = profile.operations();
  ASSERT_EQ(times.size(), 2U);
  EXPECT_EQ(times[0].operation.layer, "a");
  EXPECT_EQ(times[0].calls, 2);
  EXPECT_EQ(times[0].rows, 12);
  EXPECT_NEAR(times[0].seconds, 3 * times[1].seconds, 1e-9);
  EXPECT_NEAR(times[1].seconds, 0.002, 0.002);
}

TEST(MachineRates, ArePositive) {
  Workers workers(2);
  const MachineRates rates = measure_machine(workers);
  EXPECT_GT(rates.product_flops, 1e8);
  EXPECT_GT(rates.copy_bytes, 1e8);
  EXPECT_GT(rates.memory_bytes, 1e8);
  EXPECT_GT(rates.barrier_seconds, 0);
  EXPECT_GT(product_seconds({.m = 64, .k = 32, .n = 16, .transpose_a = true, .accumulate = true}, workers), 0);
}

}  // namespace profile_test
}  // namespace hgq
