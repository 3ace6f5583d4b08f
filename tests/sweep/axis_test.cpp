// Every kind of axis, and what can be wrong with it.
#include "hgq/sweep/axis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "sweep_test_support.h"

namespace hgq::sweep {
namespace axis_test {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

TEST(SweepRange, EndsAreExactForAnyNumbers) {
  for (const bool log : {false, true}) {
    for (const double from : {1e-6, 0.1, 0.30000000000000004, 3.0, 1234567.891}) {
      for (const double to : {1e-7, 0.7, 1e9, 3.0000000001}) {
        for (const int64_t steps : {2, 3, 7, 100}) {
          const std::vector<double> values = range_values(from, to, steps, log);
          ASSERT_EQ(values.size(), static_cast<size_t>(steps));
          EXPECT_EQ(values.front(), from);
          EXPECT_EQ(values.back(), to);
          const std::set<double> different(values.begin(), values.end());
          EXPECT_EQ(different.size(), values.size()) << from << " to " << to;
          for (size_t i = 1; i < values.size(); ++i) EXPECT_EQ(values[i] > values[i - 1], to > from);
        }
      }
    }
  }
}

TEST(SweepRange, ValuesBetweenCanBeRead) {
  EXPECT_THAT(range_values(1e-6, 1e-4, 5, true), ElementsAre(1e-6, 3.16228e-6, 1e-5, 3.16228e-5, 1e-4));
  EXPECT_THAT(range_values(0, 1, 4, false), ElementsAre(0, 0.333333, 0.666667, 1));
  EXPECT_THAT(range_values(1, -1, 3, false), ElementsAre(1, 0, -1));
}

TEST(SweepAxis, EveryKind) {
  EXPECT_THAT(lines(read_axes("  a.b: [1, x, true]\n")), ElementsAre("a.b=1", "a.b=x", "a.b=true"));
  EXPECT_THAT(lines(read_axes("  a: {values: [1, 2], name: k}\n")), ElementsAre("a=1", "a=2"));
  EXPECT_THAT(lines(read_axes("  a: {from: 1, to: 3, steps: 3}\n")), ElementsAre("a=1", "a=2", "a=3"));
  EXPECT_THAT(lines(read_axes("  a: {from: 8, to: 64, steps: 4, scale: log, integers: true}\n")),
              ElementsAre("a=8", "a=16", "a=32", "a=64"));
  EXPECT_THAT(lines(read_axes("  seed: {seeds: 2}\n")), ElementsAre("seed=1", "seed=2"));
  EXPECT_THAT(lines(read_axes("  seed: {seeds: 2, from: 9007199254740993}\n")),
              ElementsAre("seed=9007199254740993", "seed=9007199254740994"));
  EXPECT_THAT(lines(read_axes("  k:\n    cases:\n      - {a: 1, b.c: 2}\n      - {a: 3}\n")),
              ElementsAre("a=1 b.c=2", "a=3"));
}

TEST(SweepAxis, DrawsFollowFromSeedKeyAndNumber) {
  const auto draw = [](const std::string& spec, const std::string& seed = "") {
    return lines(read_axes("  a: " + spec + "\n", seed));
  };
  const std::vector<std::string> five = draw("{random: 5, from: 1.0e-6, to: 1.0e-3, scale: log}");
  EXPECT_THAT(five, SizeIs(5));
  std::vector<std::string> nine = draw("{random: 9, from: 1.0e-6, to: 1.0e-3, scale: log}");
  nine.resize(5);
  EXPECT_EQ(nine, five) << "more draws leave the earlier ones as they are";
  EXPECT_NE(draw("{random: 5, from: 1.0e-6, to: 1.0e-3, scale: log}", "seed: 1\n"), five);
  const ReadSweep many = read_axes("  a: {random: 500, from: 1, to: 4, integers: true}\n");
  EXPECT_EQ(many.runs.size(), 4U) << "equal runs are kept once";
  for (const char* const scale : {"linear", "log"}) {
    for (const RunPlan& run : read_axes(concat("  a: {random: 200, from: 0.5, to: 2, scale: ", scale, "}\n")).runs) {
      const double value = decimal_number(run.values[0].value).value_or(0);
      EXPECT_GE(value, 0.5);
      EXPECT_LE(value, 2);
    }
  }
  EXPECT_THAT(draw("{random: 50, values: [x, y]}"), ::testing::UnorderedElementsAre("a=x", "a=y"));
}

TEST(SweepAxis, SaysWhatIsWrong) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"5",
       "sweep.yaml:4:6: axes.a: found the number 5, expected a list of values, or a map.*stands in the section `set`"},
      {"[]", "axes.a: found an empty list"},
      {"[1, 2, 1.0]", "sweep.yaml:4:13: axes.a: the number 1.0 is there twice"},
      {"{}", "axes.a: found a map without values"},
      {"{name: k}", "axes.a: found a map without values"},
      {"{from: 1, to: 2}", "axes.a: missing key 'steps'"},
      {"{from: 1, to: 2, steps: 1}", "axes.a.steps: found the number 1, expected .*2"},
      {"{from: 1, to: 1, steps: 2}", "axes.a.to: found 1, which is `from`, too"},
      {"{from: 0, to: 1, steps: 3, scale: log}", "axes.a.from: found 0, expected a number above 0"},
      {"{from: 1, to: -1, steps: 3, scale: log}", "axes.a.to: found -1, expected a number above 0"},
      {"{from: 1, to: 2, steps: 3, scale: logarithmic}", "axes.a.scale: .*logarithmic.*did you mean 'log'"},
      {"{from: 1.5, to: 3, steps: 2, integers: true}", "axes.a.from: found 1.5, expected a whole number"},
      {"{from: 1, to: 3, steps: 9, integers: true}", "axes.a.steps: found 9, but rounded to whole numbers"},
      {"{from: 1, to: 2, step: 3}", "unknown key 'step' in axes.a, did you mean 'steps'"},
      {"{random: 0, from: 1, to: 2}", "axes.a.random: found the number 0"},
      {"{random: 3}", "axes.a: missing key 'from'"},
      {"{random: 3, from: 1, to: 2, steps: 2}", "unknown key 'steps' in axes.a"},
      {"{seeds: -1}", "axes.a.seeds: found the number -1"},
      {"{seeds: 3, to: 5}", "unknown key 'to' in axes.a"},
      {"{values: 3}", "axes.a.values: found the number 3, expected a list"},
      {"{cases: []}", "axes.a.cases: found an empty list"},
      {"{cases: [1]}", "axes.a.cases: found the number 1, expected a map"},
  };
  for (const auto& [text, message] : cases) {
    const std::string errors = read_axes(concat("  a: ", text, "\n")).errors;
    EXPECT_TRUE(::testing::Matches(::testing::ContainsRegex(message))(errors)) << text << ":\n"
                                                                               << errors << "expected " << message;
  }
}

}  // namespace axis_test
}  // namespace hgq::sweep
