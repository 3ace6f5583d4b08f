// The runs of a sweep, and errors of its file as a whole.
#include "hgq/sweep/expansion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sweep_test_support.h"

namespace hgq::sweep {
namespace expansion_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(SweepExpansion, IsTheProductWithTheFirstAxisSlowest) {
  EXPECT_THAT(lines(read_axes("  a: [1, 2]\n  b: [x, y]\n")), ElementsAre("a=1 b=x", "a=1 b=y", "a=2 b=x", "a=2 b=y"));
}

TEST(SweepExpansion, DrawsOfSeveralAxesAreOneAxis) {
  const ReadSweep sweep =
      read_axes("  a: {random: 7, from: 0, to: 1}\n  s: {seeds: 3}\n  b: {random: 7, from: 0, to: 1}\n");
  EXPECT_EQ(sweep.errors, "");
  EXPECT_THAT(sweep.runs, SizeIs(21));
  EXPECT_NE(sweep.runs[0].values[0].value.text(), sweep.runs[0].values[1].value.text())
      << "each axis has draws of its own";
  EXPECT_THAT(read_axes("  a: {random: 7, from: 0, to: 1}\n  b: {random: 8, from: 0, to: 1}\n").errors,
              HasSubstr("sweep.yaml:5:6: axes.b: found random: 8, but axes.a has random: 7"));
}

TEST(SweepExpansion, ValuesFollowFromOthers) {
  const char* const axes =
      "  model.h.units: [16, 24]\n  out.units: {name: wide, values: [2]}\n  c:\n    cases: [{x: 1, y: {expression: \"x "
      "+ wide\"}}]\n";
  const ReadSweep sweep =
      read_axes(axes, "set: {k: {expression: \"units / 2 + wide\"}, j: 1, l: {expression: \"units / 32\"}}\n");
  EXPECT_EQ(sweep.errors, "");
  EXPECT_THAT(lines(sweep, true), ElementsAre("j=1 model.h.units=16 out.units=2 x=1 y=3 k=10 l=0.5",
                                              "j=1 model.h.units=24 out.units=2 x=1 y=3 k=14 l=0.75"));
  EXPECT_THAT(lines(sweep),
              ElementsAre("model.h.units=16 out.units=2 x=1 y=3", "model.h.units=24 out.units=2 x=1 y=3"));
}

TEST(SweepExpansion, SaysWhatIsWrongWithAFormula) {
  const auto errors = [](const std::string& formula, const std::string& axes = "  a.units: [1]\n  b: [x]\n") {
    return read_axes(axes, "set: {k: {expression: " + formula + "}}\n").errors;
  };
  EXPECT_THAT(errors("unit"), HasSubstr("sweep.yaml:3:23: expression: 'unit' is no axis, did you mean 'units'?"));
  EXPECT_THAT(errors("b + 1"), HasSubstr("'b' is the text 'x', expected a number"));
  EXPECT_THAT(errors("5"), HasSubstr("expression: found the number 5, expected a formula"));
  EXPECT_THAT(errors("units +"), HasSubstr("sweep.yaml:3:23: expression: "));
  EXPECT_THAT(errors("log(units - 1)"), HasSubstr("is -inf for units = 1; expected a finite number"));
  EXPECT_THAT(errors("units", "  a.units: [1]\n  b.units: [1]\n"),
              HasSubstr("'units' may be a.units, b.units; give the axis a name"));
  EXPECT_THAT(errors("x", "  a: {cases: [{x: 1}, {y: 1}]}\n"), HasSubstr("'x' is not set in every case of its axis"));
}

TEST(SweepFile, AllErrorsAtOnceWithTheirPlaces) {
  const std::string errors = read_text(
                                 "base: none.yaml\n"
                                 "sed: 1\n"
                                 "set: {a: 1, .b: 2}\n"
                                 "axes: {a: [1], c: 5}\n"
                                 "objectives: {maximise: val_accuracy}\n"
                                 "constraints: [\"bops <\", \"bops\"]\n"
                                 "halving: {factor: 1}\n"
                                 "slurm: {partition: [1]}\n")
                                 .errors;
  for (const char* const message :
       {"sweep.yaml:2:1: unknown key 'sed' at the top level, did you mean 'seed'?",
        "sweep.yaml:3:13: `set`: found '.b', expected KEY.PATH",
        "sweep.yaml:4:8: the axis 'a': 'a' is set by `set`, too", "sweep.yaml:4:19: axes.c: found the number 5",
        "sweep.yaml:5:14: unknown key 'maximise' in objectives, did you mean 'maximize'?",
        "sweep.yaml:6:15: constraints: ", "sweep.yaml:6:25: constraints: 'bops' compares nothing",
        "halving.factor: found the number 1, expected a number above 1", "slurm.partition: found a list"})
    EXPECT_THAT(errors, HasSubstr(message));
}

TEST(SweepFile, OptionsThatHgqSetsItselfAreErrors) {
  const std::string errors =
      read_axes("  a: [1]\n", "slurm: {partition: short, array: 3}\nhtcondor: {Queue: 5, request_memory: 2GB}\n")
          .errors;
  EXPECT_THAT(errors, HasSubstr("sweep.yaml:3:27: slurm.array: is set by hgq-train itself; leave it out: "));
  EXPECT_THAT(errors, HasSubstr("sweep.yaml:4:12: htcondor.Queue: is set by hgq-train itself; leave it out: "));
  EXPECT_EQ(std::ranges::count(errors, '\n'), 2) << errors;
}

TEST(SweepFile, Halving) {
  const auto halving = [](const std::string& text) { return read_axes("  a: [1]\n", "halving: " + text + "\n"); };
  const ReadSweep sweep = halving("{first: 5, factor: 2.5}");
  EXPECT_EQ(sweep.errors, "");
  const std::vector<int64_t> rungs(sweep.file.halving->rungs.begin(), sweep.file.halving->rungs.begin() + 4);
  EXPECT_THAT(rungs, ElementsAre(5, 13, 33, 83));
  EXPECT_DOUBLE_EQ(sweep.file.halving->keep, 0.4);
  EXPECT_THAT(halving("{rungs: [3, 10], keep: 0.5}").file.halving->rungs, ElementsAre(3, 10));
  EXPECT_THAT(halving("{}").errors, HasSubstr("halving.first: is missing"));
  EXPECT_THAT(halving("{first: 5, rungs: [3]}").errors, HasSubstr("halving.first: stands beside `rungs`"));
  EXPECT_THAT(halving("{rungs: [10, 3]}").errors, HasSubstr("halving.rungs: expected epochs that rise"));
  EXPECT_THAT(halving("{first: 5, keep: 1}").errors, HasSubstr("halving.keep: found the number 1"));
}

TEST(SweepFile, IsToldFromAConfig) {
  EXPECT_THAT(read_text("model: {}\ntrain: {}\n").errors,
              HasSubstr("sweep.yaml: is the config of a run; expected the file of a sweep"));
  EXPECT_THAT(read_text("- 1\n").errors, HasSubstr("found a list, expected the sections base, axes and objectives"));
  EXPECT_THAT(read_text("").errors, HasSubstr("expected the sections base"));
  EXPECT_THAT(read_axes("  a: {seeds: 1000}\n  b: {seeds: 1000}\n").errors, HasSubstr("their product is 1e+06 runs"));
}

}  // namespace expansion_test
}  // namespace hgq::sweep
