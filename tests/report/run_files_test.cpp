// The folder of a run as a value: what is there, what is missing, what is damaged.
#include "hgq/report/run_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "hgq/core/error.h"
#include "hgq/report/run_figures.h"
#include "hgq/report/run_report.h"
#include "hgq/report/terminal.h"
#include "temporary_folder.h"

namespace hgq::report {
namespace run_files_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

constexpr const char* kHistory =
    "epoch,loss,val_loss,val_accuracy,bops,beta\n1,0.9,0.8,0.7,900,1e-06\n2,0.5,0.6,0.8,,2e-06\n3,nan,0.5,0.85,500,3e-"
    "06\n";
constexpr const char* kSummary = R"({"bops": 480, "tested_on": "test", "rows": 100, "epochs": 3, "seed": 7,
  "model": {"accuracy": 0.84, "loss": null}, "proxy": {"accuracy": 0.83}, "versions": {"hgq": "0.1.0"},
  "verify": {"rows": 100, "rows_differ": 2, "rows_with_overflow": 2, "overflows": {"q": 3, "other": 0},
             "advice": [{"quantizer": "q", "text": "1 more bit"}], "differences": [{"row": 5, "layer": "q", "reason": "overflow",
             "model": 4.0, "proxy": -4.0}]}, "wall_seconds": 9.5, "a key of a later version": [1]})";

class RunFilesTest : public ::testing::Test {
 protected:
  RunFiles read() { return read_run(folder_.path(), registry_, workers_); }
  void write(const std::string& name, const std::string& text) { write_text(folder_, name, text); }

  TemporaryFolder folder_;
  Registry registry_;
  Workers workers_{1};
};

TEST_F(RunFilesTest, ReadsTheFilesThatAreThereAndNamesTheOthers) {
  write("config.yaml", "seed: 7\ndata: {file: a.h5, inputs: [x, y]}\n");
  write("history.csv", kHistory);
  write("summary.json", kSummary);
  std::filesystem::create_directory(folder_ / "pareto");
  write("pareto/pareto.csv", "file,epoch,val_accuracy,bops\nepoch_0001.h5,1,0.7,900\nepoch_0003.h5,3,0.85,500\n");
  const RunFiles run = read();
  EXPECT_EQ(run.history.size(), 3U);
  EXPECT_THAT(run.front.metrics, ElementsAre("val_accuracy", "bops"));
  ASSERT_EQ(run.front.points.size(), 2U);
  EXPECT_EQ(run.front.points[1].epoch, 3);
  EXPECT_EQ(run.front.points[1].values[1], 500);
  ASSERT_TRUE(run.summary);
  EXPECT_EQ(run.summary->bops, 480);
  EXPECT_EQ(run.summary->verify->overflows.size(), 2U);
  EXPECT_EQ(run.summary->verify->differences[0].proxy, -4);
  EXPECT_EQ(run.missing.size(), 2U);  // model.h5 and proxy.h5
  EXPECT_EQ(front_axes(run)->quality, "val_accuracy");
}

// The axis is of validation rows, the summary of test rows.
TEST_F(RunFilesTest, TheFinalModelStandsBesideTheFrontWithItsOwnRows) {
  write("config.yaml", "seed: 7\n");
  write("history.csv", kHistory);
  write("summary.json", kSummary);
  EXPECT_THAT(front_figure(read())->drawing.str(),
              HasSubstr("<title>final model, validation rows: BOPs 480, val_accuracy 0.85</title>"));
  write("config.yaml", "callbacks: [{EarlyStopping: {restore_best_weights: true}}]\n");
  const Figure tested = *front_figure(read());
  EXPECT_THAT(tested.drawing.str(),
              HasSubstr("<title>final model, test rows (test_accuracy): BOPs 480, test_accuracy 0.84</title>"));
  EXPECT_THAT(tested.table.rows.front(), ElementsAre(HasSubstr("test rows"), "", "480", "0.84 (test_accuracy)"));
  RunFiles measured = read();
  measured.measured = {{"val_accuracy", 0.86}};
  EXPECT_THAT(front_figure(measured)->drawing.str(),
              HasSubstr("<title>final model, validation rows: BOPs 480, val_accuracy 0.86</title>"));
  measured.summary->tested_on = "validation";
  EXPECT_THAT(front_figure(measured)->drawing.str(),
              HasSubstr("<title>final model, validation rows: BOPs 480, val_accuracy 0.84</title>"));
}

TEST_F(RunFilesTest, AReportOfWhatThereIsSaysWhatIsMissing) {
  write("config.yaml", "seed: 7\n");
  write("history.csv", kHistory);
  const std::string page = run_report(read());
  EXPECT_THAT(page, HasSubstr("There is no summary.json: the training has not ended"));
  EXPECT_THAT(page, HasSubstr("There is no model.h5"));
  EXPECT_THAT(page, HasSubstr("Epochs so far"));
  EXPECT_THAT(page, HasSubstr("<section id=\"curves\""));
  EXPECT_THAT(page, Not(HasSubstr("<section id=\"verification\"")));
  EXPECT_EQ(page, run_report(read()));
  EXPECT_NO_THROW(run_text(read(), 20));
}

TEST_F(RunFilesTest, HostileTextInFilesIsHarmless) {
  write("config.yaml", "data: {file: '</pre><script>alert(1)</script>'}\n");
  write("history.csv", "epoch,loss,<b onclick=x>\n1,0.5,2\n");
  write("summary.json", R"({"model": {"<i>&\u0007": 1}, "notes": ["</main>"], "not_exported": "\"'><script>"})");
  const std::string page = run_report(read());
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_EQ(page.find("<b onclick"), std::string::npos);
  EXPECT_EQ(page.find('\a'), std::string::npos);
  EXPECT_THAT(page, HasSubstr("&lt;/main&gt;"));
}

TEST_F(RunFilesTest, DamagedFilesAreNamed) {
  EXPECT_THAT([&] { read(); }, ThrowsMessage<FileError>(HasSubstr("holds no run")));
  EXPECT_THAT([&] { read_run(folder_ / "none", registry_, workers_); },
              ThrowsMessage<FileError>(HasSubstr("no such folder")));
  write("summary.json", "{\"bops\": ");
  EXPECT_THAT([&] { read(); }, ThrowsMessage<FileError>(HasSubstr("summary.json: is not JSON")));
  write("summary.json", R"({"verify": {"rows": "many"}})");
  EXPECT_THAT([&] { read(); },
              ThrowsMessage<FileError>(HasSubstr("summary.json: verify.rows: found \"many\", expected an integer")));
  write("summary.json", "{}");
  write("history.csv", "loss\n1\n");
  EXPECT_THAT([&] { read(); }, ThrowsMessage<FileError>(HasSubstr("history.csv")));
  write("history.csv", kHistory);
  std::filesystem::create_directory(folder_ / "pareto");
  write("pareto/pareto.csv", "file,epoch,val_accuracy\nepoch_0001.h5,one,0.7\n");
  EXPECT_THAT([&] { read(); }, ThrowsMessage<FileError>(HasSubstr("pareto.csv:2: found 'one', expected a number")));
  write("pareto/pareto.csv", "file,epoch,val_accuracy\n");
  EXPECT_TRUE(read().front.points.empty());
  write("model.h5", "words");
  EXPECT_THAT([&] { read(); }, ThrowsMessage<FileError>(HasSubstr("model.h5")));
}

TEST(TextPlot, PutsMarksWhereTheNumbersAre) {
  const std::string plot = text_plot({.title = "loss",
                                      .x_label = "epoch",
                                      .series = {{.mark = 't', .name = "training", .x = {0, 10}, .y = {0, 1}}},
                                      .width = 30,
                                      .height = 9});
  std::vector<std::string> lines;
  for (size_t at = 0; at < plot.size(); at = plot.find('\n', at) + 1)
    lines.push_back(plot.substr(at, plot.find('\n', at) - at));
  ASSERT_EQ(lines.size(), 9U);
  EXPECT_EQ(lines[0], "loss   t training");
  EXPECT_EQ(lines[1].size(), 30U);
  EXPECT_EQ(lines[1].back(), 't');
  EXPECT_THAT(lines[5], HasSubstr("|t"));
  for (const std::string& line : lines) EXPECT_LE(line.size(), 30U);
  EXPECT_EQ(text_plot({.title = "none", .x_label = "x", .series = {}}), "");
}

}  // namespace run_files_test
}  // namespace hgq::report
