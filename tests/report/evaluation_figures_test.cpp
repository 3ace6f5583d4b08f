// What evaluations say as figures: confusion, recall, ROC, residuals; and evaluation.json, written and read.
#include "hgq/report/evaluation_figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "hgq/core/error.h"
#include "hgq/core/system_file.h"
#include "hgq/report/confusion_matrix.h"
#include "hgq/report/histogram.h"
#include "hgq/report/run_report.h"
#include "temporary_folder.h"

namespace hgq::report {
namespace evaluation_figures_test {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

const float kInf = std::numeric_limits<float>::infinity();

OutputReport classifier(const std::string& name) {
  OutputReport output{.name = name, .rows = 200};
  output.classes = {{.name = "<gamma>",
                     .support = 100,
                     .predicted = 115,
                     .hits = 90,
                     .precision = 0.7826,
                     .recall = 0.9,
                     .f1 = 0.837,
                     .auc = 0.91,
                     .roc = {{0, 0, kInf}, {0.1, 0.8, 0.5F}, {1, 1, 0}}},
                    {.name = "hadron",
                     .support = 100,
                     .predicted = 85,
                     .hits = 75,
                     .precision = 0.882,
                     .recall = 0.75,
                     .f1 = 0.81,
                     .auc = 0.91,
                     .roc = {{0, 0, kInf}, {0.2, 0.9, 0.5F}, {1, 1, 0}}}};
  output.confusion = {{90, 10}, {25, 75}};
  return output;
}

OutputReport regression() {
  OutputReport output{.name = "energy", .rows = 100};
  output.residuals = {{.name = "energy",
                       .mean = 0.5,
                       .deviation = 2,
                       .quantiles = {-1, -0.9, -0.5, 0, 0.5, 0.9, 3},
                       .edges = {-1, 0, 1, 3},
                       .counts = {40, 50, 10}}};
  return output;
}

std::string titles(const std::vector<Figure>& figures) {
  std::string text;
  for (const Figure& figure : figures) text += figure.title + ";";
  return text;
}

TEST(EvaluationFigures, OfClasses) {
  const std::vector<Figure> figures = evaluation_figures(classifier("out"));
  EXPECT_EQ(titles(figures), "Confusion matrix;Recall of each class;ROC;Rejection of the other rows over efficiency;");
  const std::string& matrix = figures[0].drawing.str();
  EXPECT_THAT(matrix,
              HasSubstr("Of 200 rows of 2 classes 82.5 % are said to be of their class. Most mistakes: hadron said "
                        "to be &lt;gamma&gt;, 25 rows"));
  EXPECT_THAT(matrix,
              HasSubstr("<title>true &lt;gamma&gt;, said to be hadron: 10 rows, 10.0 % of &lt;gamma&gt;</title>"));
  EXPECT_EQ(figures[0].table.rows[1], (std::vector<std::string>{"hadron", "25", "75"}));
  EXPECT_EQ(figures[1].table.columns.size(), 2U);  // recalls do not add up, so there is no share
  EXPECT_THAT(figures[2].drawing.str(), HasSubstr("hadron, AUC 0.9100"));
  EXPECT_THAT(figures[2].drawing.str(), Not(HasSubstr("&lt;gamma&gt;")));  // its mirror image
  // At 80 % efficiency: on the straight line from (0, 0) to (0.2, 0.9), and at a corner.
  EXPECT_EQ(figures[2].table.rows[1][4], "0.178");
  EXPECT_EQ(figures[2].table.rows[0][4], "0.1");
  EXPECT_THAT(figures[3].drawing.str(), HasSubstr("hadron, AUC 0.9100 goes from 5 to 1"));
  EXPECT_EQ(evaluation_table(classifier("out")).rows[0][4], "0.9");
}

TEST(EvaluationFigures, OfManyClassesAndOfNone) {
  OutputReport output{.name = "out", .rows = 300};
  for (size_t i = 0; i < 300; ++i) {
    output.classes.push_back({.name = concat("class ", i), .support = 1, .auc = std::nan("")});
    output.confusion.emplace_back(300, 0)[(i + (i % 7 == 0 ? 1 : 0)) % 300] = 1;
  }
  const std::vector<Figure> figures = evaluation_figures(output);
  EXPECT_EQ(titles(figures), "Confusion matrix;Recall of each class;");
  EXPECT_THAT(figures[0].caption, HasSubstr("Drawn in blocks of 3 classes."));
  EXPECT_EQ(figures[0].table.rows.size(), 43U);
  EXPECT_LT(figures[0].drawing.str().size(), 20'000U);
  EXPECT_THAT(figures[1].caption, HasSubstr("The least 60 of 300"));
  EXPECT_TRUE(evaluation_figures({.name = "out", .rows = 0}).empty());
  EXPECT_THROW(confusion_matrix({.title = "t", .classes = {"a", "b"}, .counts = {{1, 2}}}), ShapeError);
  EXPECT_THROW(confusion_matrix({.title = "t", .classes = {"a"}, .counts = {{1, 2}}}), ShapeError);
  EXPECT_THROW(confusion_matrix({.title = "t", .classes = {}, .counts = {}}), ShapeError);
  EXPECT_NO_THROW(confusion_matrix({.title = "t", .classes = {"a"}, .counts = {{0}}}));
}

TEST(EvaluationFigures, OfARegression) {
  const std::vector<Figure> figures = evaluation_figures(regression());
  EXPECT_EQ(titles(figures), "Residuals of energy;");
  EXPECT_THAT(figures[0].drawing.str(), HasSubstr("Histogram of 100 rows"));
  EXPECT_THAT(figures[0].drawing.str(), HasSubstr("most, 50, lie between 0 and 1."));
  EXPECT_EQ(figures[0].table.rows[2][2], "10");
  EXPECT_EQ(evaluation_table(regression()).rows[0][3], "0");  // the median
  EXPECT_NO_THROW(histogram({.title = "one value", .x_label = "x", .edges = {2, 2}, .counts = {7}}));
  EXPECT_THROW(histogram({.title = "t", .x_label = "x", .edges = {1, 0}, .counts = {7}}), ShapeError);
  EXPECT_THROW(histogram({.title = "t", .x_label = "x", .edges = {}, .counts = {}}), ShapeError);
}

TEST(EvaluationFile, IsReadAsItWasWritten) {
  const TemporaryFolder folder;
  EvaluationFile evaluation{.tested_on = "test", .metrics = {}, .outputs = {regression(), classifier("kind")}};
  evaluation.metrics.set("loss", std::nan(""));
  evaluation.outputs[1].classes[0].auc = std::nan("");
  write_evaluation(folder.path(), evaluation);
  const EvaluationFile same = read_evaluation(folder / "evaluation.json");
  EXPECT_EQ(same.tested_on, "test");
  ASSERT_EQ(same.outputs.size(), 2U);
  EXPECT_EQ(same.outputs[0].residuals[0].edges, evaluation.outputs[0].residuals[0].edges);
  EXPECT_EQ(same.outputs[1].confusion, evaluation.outputs[1].confusion);
  EXPECT_TRUE(std::isnan(same.outputs[1].classes[0].auc));
  EXPECT_EQ(same.outputs[1].classes[1].roc[1].true_positive_rate, 0.9);
  const std::string text = read_file(folder / "evaluation.json", 1 << 20);
  write_evaluation(folder.path(), same);
  EXPECT_EQ(read_file(folder / "evaluation.json", 1 << 20), text);

  Registry registry;
  Workers workers(1);
  write_text(folder, "config.yaml", "seed: 1\n");
  const std::string page = run_report(read_run(folder.path(), registry, workers));
  EXPECT_THAT(page, HasSubstr("Predictions for the test rows"));
  EXPECT_THAT(page, HasSubstr("<h3>energy, 100 rows</h3>"));
  EXPECT_THAT(page, HasSubstr("<h3>kind, 200 rows</h3>"));
  EXPECT_THAT(page, Not(HasSubstr("<gamma>")));
}

TEST(EvaluationFile, DamageIsNamed) {
  const TemporaryFolder folder;
  const auto message_of = [&](const std::string& text) -> std::string {
    write_text(folder, "evaluation.json", text);
    try {
      read_evaluation(folder / "evaluation.json");
    } catch (const FileError& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_THAT(message_of("{"), HasSubstr("evaluation.json: is not JSON"));
  EXPECT_THAT(message_of("[]"), HasSubstr("expected a map"));
  EXPECT_THAT(message_of(R"({"outputs": {"o": {"rows": "x"}}})"), HasSubstr("outputs.o.rows: found \"x\""));
  EXPECT_THAT(message_of(R"({"outputs": {"o": {"classes": [{"name": "a"}], "confusion": [[1, 2]]}}})"),
              HasSubstr("expected a number for each class"));
  EXPECT_THAT(message_of(R"({"outputs": {"o": {"classes": [{"name": "a"}], "confusion": [[1], [2]]}}})"),
              HasSubstr("expected a row for each class"));
  EXPECT_THAT(message_of(R"({"outputs": {"o": {"residuals": [{"histogram": {"edges": [1], "counts": [1]}}]}}})"),
              HasSubstr("expected one more edge than counts"));
  EXPECT_THAT(message_of(R"({"outputs": {"o": {"confusion": [[-1]], "classes": [{}]}}})"),
              HasSubstr("expected a count"));
}

}  // namespace evaluation_figures_test
}  // namespace hgq::report
