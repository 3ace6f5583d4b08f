// What a profile says: shares, schedules on other numbers of threads, and the text and JSON of them.
#include "hgq/deploy/profile_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace hgq {
namespace profile_summary_test {

using ::testing::HasSubstr;

/// One second of serial work, and a region of these tasks, called twice, measured on one thread.
ProfileSummary measured(std::vector<double> task_seconds, double barrier = 0) {
  ProfileSummary summary;
  double tasks = 0;
  for (const double task : task_seconds) tasks += task;
  Profile::Region region{
      .tasks = std::ssize(task_seconds), .calls = 2, .seconds = tasks, .task_seconds = std::move(task_seconds)};
  summary.phases = {{.name = "rows", .calls = 1, .seconds = tasks, .shared = tasks, .busy = tasks, .regions = {region}},
                    {.name = "optimizer", .calls = 1, .seconds = 1, .regions = {}}};
  summary.seconds = tasks + 1;
  summary.machine.barrier_seconds = barrier;
  return summary;
}

TEST(ProfileSummary, SerialWorkAndTasksLimitTheSpeedUp) {
  const ProfileSummary equal = measured(std::vector<double>(16, 1.0));
  EXPECT_NEAR(equal.serial_share(), 1.0 / 17, 1e-12);
  EXPECT_NEAR(equal.speed_up(1), 1, 1e-12);
  EXPECT_NEAR(equal.speed_up(4), 17.0 / 5, 1e-12);
  EXPECT_NEAR(equal.speed_up(16), 17.0 / 2, 1e-12);
  EXPECT_NEAR(equal.speed_up(64), 17.0 / 2, 1e-12);  // there are no more tasks
  // The third of three tasks waits for one of two threads.
  EXPECT_NEAR(measured({2, 2, 2}).speed_up(2), 7.0 / 5, 1e-12);
  EXPECT_NEAR(measured({4, 1, 1}).speed_up(2), 7.0 / 5, 1e-12);
  // Two calls, each with a barrier of 0.5 s for two threads, so of 1 s for four.
  EXPECT_NEAR(measured({2, 2, 2, 2}, 0.5).speed_up(4), 9.0 / (1 + 2 + 2), 1e-12);
  // A region of one task is serial.
  EXPECT_NEAR(measured({3}).serial_share(), 1, 1e-12);
}

TEST(ProfileSummary, OperationsOfALayerAreOne) {
  Profile profile;
  const int rows = profile.add_phase("rows");
  const int a = profile.add_operation(
      {.phase = rows, .layer = "h", .name = "matmul", .products_per_row = 10, .bytes_per_row = 4, .bytes_per_call = 2},
      1);
  const int b = profile.add_operation(
      {.phase = rows, .layer = "h", .name = "matmul", .products_per_row = 10, .bytes_per_row = 4, .bytes_per_call = 2},
      1);
  const int back =
      profile.add_operation({.phase = rows, .layer = "h", .name = "matmul", .pass = Profile::Pass::kBackward}, 1);
  profile.start();
  {
    const PhaseTimer timer(&profile, rows);
    profile.add_operation_time(a, 0, 100, 8);
    profile.add_operation_time(b, 0, 100, 8);
    profile.add_operation_time(back, 0, 50, 8);
  }
  profile.stop();
  const ProfileSummary summary = summarize(profile, {.product_flops = 1e9}, 1);
  ASSERT_EQ(summary.operations.size(), 2U);
  EXPECT_EQ(summary.operations[0].calls, 2);
  EXPECT_EQ(summary.operations[0].flops, 2 * 10 * 16);
  EXPECT_EQ(summary.operations[0].bytes, 4 * 16 + 2 * 2);
  EXPECT_EQ(summary.operations[1].pass, Profile::Pass::kBackward);
  const std::string text = describe(summary);
  for (const char* const words : {"matmul", "backward", "rows", "serial:"}) EXPECT_THAT(text, HasSubstr(words));
  const nlohmann::json json = to_json(summary);
  EXPECT_EQ(json["operations"].size(), 2U);
  EXPECT_EQ(json["threads"], 1);
  EXPECT_TRUE(json["simulated_speed_up"].contains("64"));
}

}  // namespace profile_summary_test
}  // namespace hgq
