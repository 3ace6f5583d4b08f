// Pages about several runs: what is read of their folders, which models are on the front, what is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "hgq/core/error.h"
#include "hgq/report/comparison_figures.h"
#include "hgq/report/comparison_report.h"
#include "hgq/report/config_leaves.h"
#include "hgq/report/front_chart.h"
#include "temporary_folder.h"

namespace hgq::report {
namespace comparison_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::ThrowsMessage;

class ComparisonTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(folder_ / name).parent_path());
    write_text(folder_, name, text);
  }
  /// A run of two epochs with these points.
  void run(const std::string& name, const std::string& config, const std::string& points = "",
           const std::string& metric = "val_accuracy") {
    write(name + "/config.yaml", config);
    write(name + "/history.csv", "epoch,loss," + metric + ",bops\n1,0.5,0.7,900\n2,0.4,0.8,500\n");
    if (!points.empty()) write(name + "/pareto/pareto.csv", "file,epoch," + metric + ",bops\n" + points);
  }
  void sweep(const std::string& axes) {
    write("sw/sweep.yaml",
          "base: /nowhere.yaml\naxes: {model.beta: [1, 2]}\nobjectives: {maximize: val_accuracy, minimize: bops}\n");
    int number = 0;
    for (const char* const beta : {"1", "2"}) {
      const std::string name = "sw/runs/run_00" + std::to_string(++number);
      run(name, std::string("model: {beta: ") + beta + "}\ntrain: {epochs: 2}\n", "epoch_0002.h5,2,0.8,500\n");
      write(name + "/values.yaml", axes + ": " + beta + "\n");
    }
  }
  std::vector<std::string> folders(const std::vector<std::string>& names) const {
    std::vector<std::string> paths;
    for (const std::string& name : names) paths.push_back(folder_ / name);
    return paths;
  }
  Comparison read(const std::vector<std::string>& names) const { return read_comparison(folders(names)); }

  TemporaryFolder folder_;
};

TEST_F(ComparisonTest, TheFrontIsThatOfAllRuns) {
  run("runs/a", "seed: 1\nmodel: {beta: 1.0e-6}\n", "epoch_0001.h5,1,0.7,900\nepoch_0002.h5,2,0.8,1000\n");
  run("runs/b", "seed: 1\nmodel: {beta: 1.0e-5}\n",
      "epoch_0001.h5,1,0.7,800\nepoch_0002.h5,2,0.6,500\nepoch_0003.h5,3,0.65,500\n");
  const Comparison comparison = read({"runs"});
  EXPECT_THAT(comparison.keys, ElementsAre("model.beta"));
  EXPECT_THAT(comparison.warnings, IsEmpty());
  const ComparisonView view = view_of(comparison);
  EXPECT_EQ(view.quality, "val_accuracy");
  std::vector<std::string> front;
  for (const size_t m : view.bops.front)
    front.push_back(comparison.runs[comparison.models[m].run].name + concat(comparison.models[m].epoch));
  EXPECT_THAT(front, ElementsAre("b3", "b1", "a2"));  // of equal quality the cheaper one, of equal cost the better one
  EXPECT_THAT(view_of(comparison, "min:val_accuracy").bops.front, ElementsAre(3U));
  const std::string page = comparison_report(comparison);
  EXPECT_THAT(page, HasSubstr("5 models of 2 runs; 3 on the front, from BOPs 500 with val_accuracy 0.65 (b)"));
  EXPECT_THAT(page, HasSubstr("<title>b, epoch 1: val_accuracy 0.7, BOPs 800; beta 1.0e-5</title>"));
  EXPECT_EQ(page, comparison_report(read({"runs"})));
  EXPECT_THAT([&] { view_of(comparison, "val_acuracy"); },
              ThrowsMessage<ConfigError>(HasSubstr("did you mean 'val_accuracy'")));
}

TEST_F(ComparisonTest, OneRunAndARunWithoutPointsHaveAPage) {
  run("a", "seed: 1\n");
  const Comparison alone = read({"a", "a"});
  EXPECT_EQ(alone.runs.size(), 1U);
  EXPECT_EQ(alone.runs[0].state, "stopped");
  EXPECT_THAT(comparison_report(alone), HasSubstr("No run has saved a model"));
  run("b", "seed: 2\n", "epoch_0002.h5,2,0.8,500\n");
  const Comparison both = read({"a", "b"});
  EXPECT_FALSE(view_of(both).best[0]);
  const std::string page = comparison_report(both);
  EXPECT_THAT(page, HasSubstr("1 model of 2 runs; 1 on the front"));
  EXPECT_THAT(page, HasSubstr("<section id=\"curves\""));
  EXPECT_EQ(runs_table(both, view_of(both), "").rows[0][5], "-");
}

TEST_F(ComparisonTest, OtherMetricsAndOtherDataAreTold) {
  run("a", "data: {file: x.h5, targets: y}\ntrain: {loss: mse}\n", "epoch_0002.h5,2,0.8,500\n");
  run("b", "data: {file: x.h5, targets: z}\ntrain: {loss: mse}\n", "epoch_0002.h5,2,0.1,500\n");
  run("c", "data: {file: x.h5, targets: y}\ntrain: {loss: mse}\n", "epoch_0002.h5,2,0.1,500\n", "val_mae");
  const Comparison comparison = read({"a", "b", "c"});
  ASSERT_EQ(comparison.warnings.size(), 1U);
  EXPECT_THAT(comparison.warnings[0], HasSubstr("The runs differ in data.targets: y (a), z (b)."));
  EXPECT_EQ(data_warnings(folders({"a", "b", "c"})), comparison.warnings);
  EXPECT_THAT(data_warnings(folders({"a", "c"})), IsEmpty());
  const ComparisonView view = view_of(comparison);
  EXPECT_EQ(view.quality, "val_accuracy");
  EXPECT_THAT(view.warnings, ElementsAre("c has no val_accuracy and is not on the front; it has val_mae."));
  const std::string page = comparison_report(comparison);
  EXPECT_THAT(page, HasSubstr("c has no val_accuracy"));
  EXPECT_THAT(page, HasSubstr("data.targets"));
}

TEST_F(ComparisonTest, AMapInThePlaceOfAValueIsShown) {
  run("a", "data: {file: x.h5}\ntrain: {loss: mse}\n");
  run("b", "data: {file: x.h5}\ntrain: {loss: {huber: {delta: 0.1}}}\n");
  run("c", "data: {file: x.h5}\ntrain: {epochs: 2}\n");
  EXPECT_THAT(
      data_warnings(folders({"a", "b", "c"})),
      ElementsAre(HasSubstr("The runs differ in train.loss: mse (a), {huber: {delta: 0.1}} (b), nothing (c).")));
  std::string many = "data: {file: [{name: a}";
  for (int i = 0; i < 40; ++i) many += concat(", file_", i);
  run("d", many + "]}\ntrain: {loss: mse}\n");
  const std::vector<std::string> warnings = data_warnings(folders({"a", "d"}));
  ASSERT_FALSE(warnings.empty());
  EXPECT_THAT(warnings[0], HasSubstr("The runs differ in data.file: x.h5 (a), [{name: a}, file_0, "));
  EXPECT_THAT(warnings[0], HasSubstr("... (d)."));
}

TEST_F(ComparisonTest, FinalModelsAreThoseOfTheSummary) {
  run("a", "seed: 1\n");
  write("a/summary.json",
        R"({"bops": 450, "epochs": 2, "seed": 7, "tested_on": "validation", "model": {"accuracy": 0.9},
                              "versions": {"hgq": "0.1.0"}})");
  run("b", "seed: 2\n");
  write("b/summary.json",
        R"({"bops": 300, "epochs": 2, "seed": 8, "tested_on": "validation", "model": {"accuracy": 0.8},
                              "not_exported": "no <reason>", "versions": {"hgq": "0.2.0"}})");
  const Comparison comparison = read({"a", "b"});
  const ComparisonView view = view_of(comparison);
  EXPECT_THAT(view.bops.drawn, ElementsAre(0U, 1U));
  EXPECT_THAT(view.bops.front, ElementsAre(0U));  // a model without a proxy cannot be built
  const std::string page = comparison_report(comparison);
  EXPECT_THAT(page, HasSubstr("1 model has no proxy"));
  EXPECT_THAT(page, HasSubstr("<td>7, 8</td>"));
  EXPECT_THAT(page, HasSubstr("<td>0.1.0, 0.2.0</td>"));
}

TEST_F(ComparisonTest, ASweepTellsItsAxesAndWhatFailed) {
  sweep("model.beta");
  write("sw/runs/run_002/exit_code", "2\n");
  write("sw/runs/run_002/train.log", "hgq-train: error: data.file: no <such> file\n");
  const Comparison comparison = read({"sw"});
  EXPECT_TRUE(comparison.is_sweep);
  EXPECT_THAT(comparison.keys, ElementsAre("model.beta"));
  EXPECT_EQ(comparison.runs[1].state, "failed");
  const std::string page = comparison_report(comparison);
  EXPECT_THAT(page, HasSubstr("run_002 has failed: "));
  EXPECT_THAT(page, HasSubstr("no &lt;such&gt; file"));
  EXPECT_THAT(page, HasSubstr("base: /nowhere.yaml"));
  EXPECT_THAT(page, HasSubstr("1 stopped, 1 failed"));
  // Its runs, without the sweep.
  EXPECT_THAT(read({"sw/runs"}).keys, ElementsAre("model.beta"));
}

TEST_F(ComparisonTest, HostileNamesAreHarmlessAndLinksStayRelative) {
  const std::string hostile = "javascript:<b onclick=x>&'%00";
  run("runs/" + hostile, "seed: '</pre><script>alert(1)</script>'\n", "epoch_0002.h5,2,0.8,500\n");
  write("runs/" + hostile + "/report.html", "x");
  run("runs/b", "seed: 2\n", "epoch_0002.h5,2,0.9,800\n");
  const std::string page = comparison_report(read({"runs"}), {.page_folder = folder_ / "runs", .metric = ""});
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_EQ(page.find("<b onclick"), std::string::npos);
  EXPECT_THAT(page, HasSubstr("href=\"./javascript%3A%3Cb%20onclick%3Dx%3E%26%27%2500/report.html\""));
  EXPECT_THAT(page, Not(HasSubstr("b/report.html")));  // there is none
}

TEST_F(ComparisonTest, DamageIsToldAndStopsNoOtherRun) {
  run("a", "seed: 1\n", "epoch_0002.h5,2,0.8,500\n");
  run("b", "seed: 2\n", "epoch_0002.h5,2,many,500\n");
  run("c", "seed: [1\n");
  const Comparison comparison = read({"a", "b", "c"});
  EXPECT_EQ(comparison.runs[0].state, "stopped");
  EXPECT_EQ(comparison.runs[1].state, "unreadable");
  EXPECT_EQ(comparison.runs[2].state, "unreadable");
  ASSERT_EQ(comparison.warnings.size(), 2U);
  EXPECT_THAT(comparison.warnings[0], HasSubstr("pareto.csv:2: found 'many'"));
  EXPECT_THAT(comparison_report(comparison), HasSubstr("1 stopped, 2 unreadable"));
  EXPECT_THAT([&] { read({"none"}); }, ThrowsMessage<FileError>(HasSubstr("no such folder")));
  EXPECT_THAT([&] { read({"a/pareto"}); }, ThrowsMessage<FileError>(HasSubstr("holds no run")));
  EXPECT_THAT([&] { read({"a/config.yaml", "b"}); }, ThrowsMessage<FileError>(HasSubstr("is a file")));
}

TEST_F(ComparisonTest, DamagedRunsOfASweepAreTold) {
  sweep("model.beta");
  EXPECT_THAT(read({"sw"}).warnings, IsEmpty());
  for (const char* const text : {"a: [", ""}) {
    write("sw/runs/run_001/values.yaml", text);
    const Comparison comparison = read({"sw"});
    EXPECT_EQ(comparison.runs[0].state, "failed");
    EXPECT_TRUE(comparison.runs[0].is_damaged);
    EXPECT_EQ(comparison.runs[1].state, "stopped");
    EXPECT_FALSE(comparison.runs[1].is_damaged);
    ASSERT_EQ(comparison.warnings.size(), 1U);
    EXPECT_THAT(comparison.warnings[0], HasSubstr("run_001/values.yaml"));
  }
  // A run without its config is among those that `front` measures, which then tells it.
  write("sw/runs/run_001/config.yaml", "");
  EXPECT_THAT(read({"sw"}).warnings, ElementsAre(HasSubstr("config.yaml: found nothing")));
  std::filesystem::remove(folder_ / "sw/runs/run_001/config.yaml");
  EXPECT_THAT(run_folders(folders({"sw"})), ElementsAre(folder_ / "sw/runs/run_001", folder_ / "sw/runs/run_002"));
  EXPECT_THAT(read({"sw"}).warnings, ElementsAre(HasSubstr("there is no config.yaml")));
  EXPECT_THAT(read({"sw/runs"}).warnings, ElementsAre(HasSubstr("there is no config.yaml")));
}

TEST_F(ComparisonTest, OfManyRunsThoseOnTheFrontHaveCurves) {
  for (int i = 0; i < 45; ++i)
    run(concat("runs/r", i), concat("seed: ", i, "\n"),
        concat("epoch_0002.h5,2,", i < 3 ? 0.9 + 0.01 * i : 0.5, ",", 500 + 10 * i, "\n"));
  const Comparison comparison = read({"runs"});
  const ComparisonView view = view_of(comparison);
  const std::vector<Figure> curves = compared_curves(comparison, view);
  ASSERT_EQ(curves.size(), 2U);
  EXPECT_EQ(curves[0].caption, "Of 45 runs, the 3 with a model on a front are drawn.");
  EXPECT_THAT(compared_front(comparison, view, view.bops).drawing.str(), HasSubstr("other runs"));
}

TEST(FrontChart, TellsTwentyRunsApart) {
  std::vector<std::pair<size_t, MarkShape>> looks;
  FrontChart chart{.title = "t", .x_label = "BOPs", .y_label = "y", .runs = {}};
  for (size_t i = 0; i < kLooks; ++i) {
    const std::pair<size_t, MarkShape> look(i % 6, shape_of(i));
    EXPECT_EQ(std::ranges::find(looks, look), looks.end()) << i;
    looks.push_back(look);
    chart.runs.push_back(concat("run ", i));
    chart.points.push_back(
        {.x = 1.0 + static_cast<double>(i), .y = 1, .run = i, .is_on_front = i == 0, .tip = "<tip>"});
  }
  const std::string svg = front_chart(chart).drawing.str();
  EXPECT_THAT(svg, HasSubstr("&lt;tip&gt;"));
  EXPECT_THAT(svg, HasSubstr("run 19"));
  chart.points.push_back({.x = std::nan(""), .y = 1, .run = 0, .tip = "lost"});
  EXPECT_EQ(front_chart(chart).drawing.str(), svg);
  chart.points.push_back({.x = 1, .y = 1, .run = 99, .tip = ""});
  EXPECT_THROW(front_chart(chart), ShapeError);
}

TEST(ConfigLeaves, AreNamedByLayersAndKinds) {
  ErrorList errors;
  const Node config = Node::from_yaml(
      "seed: 1\nmodel: {layers: [HQuantize, HDense: {name: h, units: 4}, HDense: {name: out}]}\n"
      "callbacks: [Beta: {to: 1}, Stop: {}, Stop: {}]\ntrain: {metrics: [a, b]}\n",
      "text", errors);
  std::string text;
  for (const auto& [path, value] : config_leaves(config)) text += path + "=" + value + ";";
  EXPECT_EQ(
      text,
      "seed=1;model.layers.HQuantize=HQuantize;model.layers.h=HDense;model.layers.h.name=h;model.layers.h.units=4;"
      "model.layers.out=HDense;model.layers.out.name=out;callbacks.Beta=Beta;callbacks.Beta.to=1;"
      "callbacks.1=Stop;callbacks.2=Stop;train.metrics=a, b;");
  EXPECT_THAT(short_paths({"model.layers.h.units", "model.layers.g.units", "seed", "model.beta"}),
              ElementsAre("h.units", "g.units", "seed", "beta"));
  EXPECT_THAT(short_paths({"units", "a.units"}), ElementsAre("units", "a.units"));
}

}  // namespace comparison_test
}  // namespace hgq::report
