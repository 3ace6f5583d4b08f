// Where the time went: profile.json, read and shown; what is missing and what is damaged in it.
#include "hgq/report/run_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/deploy/profile_summary.h"
#include "hgq/report/run_files.h"
#include "hgq/report/run_report.h"
#include "hgq/report/terminal.h"
#include "temporary_folder.h"

namespace hgq::report {
namespace run_profile_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// Ten seconds, of which one was serial, in two phases.
ProfileSummary measured(int threads) {
  ProfileSummary summary;
  summary.threads = threads;
  summary.seconds = 10;
  summary.machine = {.product_flops = 50e9, .copy_bytes = 20e9, .memory_bytes = 16e9, .barrier_seconds = 2e-6};
  const double busy = 9.0 * threads * (threads > 1 ? 0.8 : 1);
  const Profile::Region region{.tasks = 64, .calls = 100, .seconds = 9, .task_seconds = std::vector(64, busy / 64)};
  summary.phases = {{.name = "rows", .calls = 100, .seconds = 9, .shared = 9, .busy = busy, .regions = {region}},
                    {.name = "optimizer", .calls = 100, .seconds = 1, .regions = {}}};
  summary.operations = {{.phase = "rows",
                         .layer = "<dense>",
                         .name = "matmul",
                         .pass = Profile::Pass::kBackward,
                         .calls = 6400,
                         .seconds = 5,
                         .flops = 125e9,
                         .bytes = 10e9},
                        {.phase = "rows", .layer = "", .name = "mse", .calls = 6400, .seconds = 2, .bytes = 4e9},
                        {.phase = "rows",
                         .layer = "<dense>",
                         .name = "quantize",
                         .pass = Profile::Pass::kAgain,
                         .calls = 6400,
                         .seconds = 1,
                         .bytes = 20e9}};
  return summary;
}

class RunProfileTest : public ::testing::Test {
 protected:
  void SetUp() override { write_text(folder_, "config.yaml", "seed: 7\n"); }
  void write(const std::string& text) { write_text(folder_, kProfileName, text); }
  void write(const ProfileSummary& summary) { write(to_json(summary).dump()); }
  ProfileFacts profile() { return read_profile(folder_ / kProfileName); }
  RunFiles read() { return read_run(folder_.path(), registry_, workers_); }
  std::string page() { return run_report(read()); }

  TemporaryFolder folder_;
  Registry registry_;
  Workers workers_{1};
};

TEST_F(RunProfileTest, IsReadAsItWasWritten) {
  write(measured(1));
  const ProfileFacts one = profile();
  EXPECT_EQ(one.seconds, 10);
  EXPECT_EQ(one.product_gflops, 50);
  EXPECT_EQ(one.memory_gbytes, 16);
  EXPECT_NEAR(*one.barrier_microseconds, 2, 1e-9);
  ASSERT_EQ(one.phases.size(), 2U);
  EXPECT_EQ(one.phases[0].name, "rows");
  EXPECT_EQ(one.phases[0].shared, 9);
  ASSERT_EQ(one.operations.size(), 3U);
  EXPECT_EQ(one.operations[0].pass, "backward");
  EXPECT_EQ(one.operations[0].gflops, 25);
  EXPECT_EQ(one.operations[2].gbytes, 20);
  EXPECT_NEAR(*one.serial_share, 0.1, 1e-12);
  ASSERT_EQ(one.speed_ups.size(), 4U);  // by number, not by text
  EXPECT_EQ(one.speed_ups.front().first, 2);
  EXPECT_EQ(one.speed_ups.back().first, 64);
  EXPECT_GT(one.speed_ups.back().second, one.speed_ups.front().second);
  EXPECT_EQ(one.product_share, std::nullopt);

  ProfileSummary two = measured(2);
  two.product_share = 0.25;
  write(two);
  EXPECT_EQ(profile().threads, 2);
  EXPECT_EQ(profile().serial_share, std::nullopt);
  EXPECT_EQ(profile().product_share, 0.25);
  EXPECT_THAT(profile().speed_ups, IsEmpty());
}

// As `hgq-train --profile` prints it: of 2 x 9 s, 14.4 s are work; of the second that is not shared, one of two waits.
TEST_F(RunProfileTest, ThreadsWaitWhereTheyHaveNoWork) {
  write(measured(2));
  const ProfileFacts two = profile();
  EXPECT_NEAR(two.waiting(two.phases[0]), 0.2, 1e-12);
  EXPECT_NEAR(two.waiting(two.phases[1]), 0.5, 1e-12);
  EXPECT_EQ(two.waiting({.name = "never", .seconds = 0}), 0);
  EXPECT_EQ(two.waiting({.name = "too busy", .seconds = 1, .shared = 1, .busy = 3}), 0);
  write(measured(1));
  EXPECT_EQ(profile().waiting(profile().phases[1]), 0);
}

TEST_F(RunProfileTest, FiguresAndTablesSayTheSame) {
  write(measured(2));
  const Figure phases = phase_figure(profile());
  EXPECT_THAT(phases.drawing.str(), HasSubstr("Bars of seconds, 10 in all: rows 9; optimizer 1;"));
  EXPECT_THAT(phases.table.rows, ElementsAre(ElementsAre("rows", "100", "9", "90.0 %", "100.0 %", "20.0 %"),
                                             ElementsAre("optimizer", "100", "1", "10.0 %", "0.0 %", "50.0 %")));
  const Figure layers = layer_time_figure(profile());
  EXPECT_THAT(layers.table.rows,
              ElementsAre(ElementsAre("<dense>", "6", "75.0 %"), ElementsAre("(no layer)", "2", "25.0 %")));
  EXPECT_THAT(operation_table(profile(), 2).rows,
              ElementsAre(ElementsAre("<dense>", "matmul", "backward", "rows", "6,400", "5", "25.0 %", "25", "50.0 %",
                                      "2", "10.0 %"),
                          ElementsAre("-", "mse", "forward", "rows", "6,400", "2", "10.0 %", "-", "-", "2", "10.0 %")));
  EXPECT_THAT(speed_up_table(profile()).rows, IsEmpty());
  write(R"({"simulated_speed_up": {"16": 8, "4": 3.6}})");
  EXPECT_THAT(speed_up_table(profile()).rows,
              ElementsAre(ElementsAre("4", "3.6", "90.0 %"), ElementsAre("16", "8", "50.0 %")));
}

TEST_F(RunProfileTest, IsASectionOfTheReport) {
  EXPECT_THAT(page(), Not(HasSubstr("Where the time")));
  write(measured(1));
  const std::string one = page();
  EXPECT_THAT(one, HasSubstr("<section id=\"profile\""));
  EXPECT_THAT(one, HasSubstr("on 1 thread. On this machine a thread computes 50 GFLOP/s in matrix products; a thread "
                             "copies 20 GB/s in its cache; all threads together copy 16 GB/s from memory; a barrier "
                             "takes 2 µs."));
  EXPECT_THAT(one, HasSubstr("Serial, so that more threads make it no faster: 10.0 % of the time."));
  EXPECT_THAT(one, HasSubstr("By a schedule of the measured pieces of work"));
  EXPECT_THAT(one, HasSubstr("&lt;dense&gt;"));
  EXPECT_THAT(one, Not(HasSubstr("<dense>")));
  EXPECT_EQ(one, page());
  write(measured(2));
  EXPECT_THAT(page(), HasSubstr("A profile on one thread (--threads 1) tells"));
  EXPECT_THAT(page(), Not(HasSubstr("By a schedule of the measured")));

  ProfileSummary many = measured(1);
  for (int i = 0; i < 40; ++i)
    many.operations.push_back(
        {.phase = "rows", .layer = "l" + std::to_string(i), .name = "op", .calls = 1, .seconds = 0.01});
  write(many);
  EXPECT_THAT(page(), HasSubstr("Table of all 43"));
}

// As in a file of another version: each part is shown without the others.
TEST_F(RunProfileTest, WhatIsMissingIsLeftOut) {
  const nlohmann::json whole = to_json(measured(1));
  for (const auto& entry : whole.items()) {
    nlohmann::json without = whole;
    without.erase(entry.key());
    write(without.dump());
    EXPECT_THAT(page(), HasSubstr("<section id=\"profile\"")) << entry.key();
    EXPECT_THAT(read().missing, Not(::testing::Contains(HasSubstr("time went")))) << entry.key();
  }
  write(R"({"phases": [{}], "operations": [{}], "machine": {}, "a key of a later version": [1]})");
  EXPECT_THAT(page(), HasSubstr("<section id=\"profile\""));
  EXPECT_THAT(operation_table(profile(), 9).rows[0][8], "-");
  write("{}");
  EXPECT_THAT(page(), HasSubstr("profile.json holds no phases and no operations"));
}

// The run itself is shown all the same.
TEST_F(RunProfileTest, DamageIsToldInTheReport) {
  const auto told = [&](const std::string& text) -> std::string {
    write(text);
    EXPECT_THAT(page(), Not(HasSubstr("<section id=\"profile\""))) << text;
    EXPECT_THAT(page(), HasSubstr("<section id=\"origin\"")) << text;
    EXPECT_THAT(run_text(read(), 80), HasSubstr("Where the time went is not shown")) << text;
    const std::vector<std::string> missing = read().missing;
    for (const std::string& line : missing) {
      if (line.starts_with("Where the time went is not shown: ")) return line;
    }
    return "";
  };
  EXPECT_THAT(told(""), HasSubstr("profile.json: is not JSON"));
  EXPECT_THAT(told(R"({"seconds": 1)"), HasSubstr("profile.json: is not JSON"));
  EXPECT_THAT(told(R"({"seconds": 1e999})"), HasSubstr("profile.json: is not JSON"));
  EXPECT_THAT(told("[]"), HasSubstr("found [], expected a map; remove it, or write another one with"));
  EXPECT_THAT(told(R"({"seconds": "long"})"), HasSubstr("seconds: found \"long\", expected a number"));
  EXPECT_THAT(told(R"({"seconds": null})"), HasSubstr("seconds: found null, expected a number from 0"));
  EXPECT_THAT(told(R"({"threads": 0})"), HasSubstr("threads: found 0, expected a number of threads from 1"));
  EXPECT_THAT(told(R"({"threads": 1.5})"), HasSubstr("threads: found 1.5, expected an integer"));
  EXPECT_THAT(told(R"({"machine": 5})"), HasSubstr("machine: found 5, expected a map"));
  EXPECT_THAT(told(R"({"machine": {"copy_gbytes": -1}})"), HasSubstr("machine.copy_gbytes: found -1, expected"));
  EXPECT_THAT(told(R"({"phases": {}})"), HasSubstr("phases: found {}, expected a list"));
  EXPECT_THAT(told(R"({"phases": [7]})"), HasSubstr("phases[0]: found 7, expected a map"));
  EXPECT_THAT(told(R"({"phases": [{}, {"name": 1}]})"), HasSubstr("phases[1].name: found 1, expected a text"));
  EXPECT_THAT(told(R"({"phases": [{"calls": -1}]})"), HasSubstr("phases[0].calls: found -1, expected a count"));
  EXPECT_THAT(told(R"({"phases": [{"busy": -0.5}]})"), HasSubstr("phases[0].busy: found -0.5, expected a number from"));
  EXPECT_THAT(told(R"({"operations": [{"pass": "sideways"}]})"), HasSubstr("operations[0].pass: found \"sideways\""));
  EXPECT_THAT(told(R"({"operations": [{"gflops": []}]})"), HasSubstr("operations[0].gflops: found []"));
  EXPECT_THAT(told(R"({"serial_share": "1 %"})"), HasSubstr("serial_share: found \"1 %\""));
  EXPECT_THAT(told(R"({"simulated_speed_up": {"all": 3}})"), HasSubstr("expected numbers of threads as keys"));
  EXPECT_THAT(told(R"({"simulated_speed_up": {"0": 3}})"), HasSubstr("expected numbers of threads as keys"));
  EXPECT_THAT(told(R"({"simulated_speed_up": {"8": -3}})"), HasSubstr("simulated_speed_up.8: found -3"));
  std::filesystem::remove(folder_ / kProfileName);
  std::filesystem::create_directory(folder_ / kProfileName);
  EXPECT_THAT(page(), HasSubstr("Where the time went is not shown"));
}

}  // namespace run_profile_test
}  // namespace hgq::report
