// The structure of figures: what is drawn, what the text alternative and the table say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "hgq/core/error.h"
#include "hgq/report/bar_chart.h"
#include "hgq/report/graph_layout.h"
#include "hgq/report/heat_map.h"
#include "hgq/report/line_chart.h"
#include "hgq/report/network_graph.h"
#include "hgq/report/scatter.h"

namespace hgq::report {
namespace figures_test {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

size_t count_of(const std::string& text, const std::string& word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

TEST(LineChart, DrawsACurveForEachSeriesWithLegendAndTable) {
  LineChart chart{.title = "Loss", .x_label = "epoch", .y_label = "loss", .series = {}};
  chart.series.push_back({"training", {1, 2, 3}, {0.9, 0.5, 0.4}});
  chart.series.push_back({"<validation>", {1, 3}, {0.8, 0.45}});
  const Figure figure = line_chart(chart);
  const std::string& svg = figure.drawing.str();
  EXPECT_THAT(svg, HasSubstr("role=\"img\""));
  EXPECT_THAT(svg, HasSubstr("aria-label=\"Loss. Over epoch 1 to 3: training goes from 0.9 to 0.4"));
  EXPECT_THAT(svg, HasSubstr("data-name=\"&lt;validation&gt;\""));
  EXPECT_EQ(count_of(svg, "data-name"), 2U);
  ASSERT_EQ(figure.table.rows.size(), 3U);
  EXPECT_EQ(figure.table.rows[1], (std::vector<std::string>{"2", "0.5", ""}));
}

TEST(LineChart, LeavesGapsAndIsLogarithmicForLargeSpans) {
  const Figure figure = line_chart(
      {.title = "t", .x_label = "epoch", .y_label = "y", .series = {{"a", {1, 2, 3, 4}, {1000, kNaN, 1, 2}}}});
  EXPECT_THAT(figure.caption, HasSubstr("Logarithmic scale."));
  EXPECT_THAT(figure.caption, HasSubstr("1 value is not finite"));
  EXPECT_THAT(figure.drawing.str(), Not(HasSubstr("nan")));
  EXPECT_THROW(line_chart({.title = "t", .x_label = "x", .y_label = "y", .series = {{"a", {1}, {}}}}), ShapeError);
}

TEST(LineChart, TenThousandEpochsStaySmallAndKeepTheirPeak) {
  Series series{.name = "a", .x = {}, .y = {}};
  for (int i = 0; i < 10000; ++i) {
    series.x.push_back(i + 1);
    series.y.push_back(std::sin(i * 0.01) + (i == 4567 ? 5 : 0));
  }
  const Figure figure = line_chart({.title = "t", .x_label = "epoch", .y_label = "y", .series = {series}});
  EXPECT_LT(figure.drawing.str().size(), 20'000U);
  EXPECT_THAT(figure.caption, HasSubstr("Thinned"));
  EXPECT_EQ(figure.table.rows.size(), 100U);
  EXPECT_THAT(figure.drawing.str(), HasSubstr("largest 5.993"));  // the description knows all values
}

TEST(LineChart, NothingFiniteIsStillADrawing) {
  const Figure figure =
      line_chart({.title = "t", .x_label = "epoch", .y_label = "y", .series = {{"a", {1, 2}, {kNaN, kNaN}}}});
  EXPECT_THAT(figure.drawing.str(), HasSubstr("a has no finite value."));
  EXPECT_THAT(figure.drawing.str(), Not(HasSubstr("<path")));
}

TEST(Scatter, LabelsPointsAndPutsAllIntoTheTable) {
  Scatter front{.title = "Front", .x_label = "BOPs", .y_label = "val_accuracy", .sets = {}, .label_name = "epoch"};
  front.sets.push_back({"front", {1458, 5159, 10902}, {0.82, 0.85, 0.86}, {"30", "20", "10"}});
  front.sets.push_back({.name = "every epoch", .x = {1458, 9000}, .y = {0.8, 0.7}, .mark = Mark::kCloud});
  const Figure figure = scatter(front);
  for (const char* const label : {">30</text>", ">20</text>", ">10</text>"})
    EXPECT_THAT(figure.drawing.str(), HasSubstr(label));
  EXPECT_THAT(figure.drawing.str(), HasSubstr("<title>epoch 20: BOPs 5,159, val_accuracy 0.85</title>"));
  EXPECT_EQ(figure.table.rows.size(), 3U);
}

TEST(Scatter, FiveHundredPointsAreFewLabels) {
  Scatter front{.title = "Front", .x_label = "BOPs", .y_label = "y", .sets = {{.name = "front", .x = {}, .y = {}}}};
  for (int i = 1; i <= 500; ++i) {
    front.sets[0].x.push_back(i * 20);
    front.sets[0].y.push_back(std::sqrt(i));
    front.sets[0].labels.push_back(std::to_string(i));
  }
  const Figure figure = scatter(front);
  EXPECT_LT(count_of(figure.drawing.str(), "mark-label"), 41U);
  EXPECT_GT(count_of(figure.drawing.str(), "mark-label"), 5U);
  EXPECT_EQ(count_of(figure.drawing.str(), "<circle"), 500U);
  EXPECT_EQ(figure.table.rows.size(), 500U);
}

TEST(Bars, TellSharesAndCutLongNames) {
  const std::string name(200, 'x');
  const Figure figure = bar_chart({.title = "BOPs", .unit = "BOPs", .bars = {{name, 750}, {"b", 250}}});
  EXPECT_THAT(figure.drawing.str(), HasSubstr("750 BOPs, 75.0 %"));
  EXPECT_THAT(figure.drawing.str(), Not(HasSubstr(">" + name + "<")));
  EXPECT_EQ(figure.table.rows[0][0], name);
  EXPECT_NO_THROW(bar_chart({.title = "none", .unit = "BOPs", .bars = {}}));
}

TEST(Histogram, HatchesZeroBits) {
  const std::vector<int> bits{0, 0, 3, 12};
  const Figure figure = bit_histogram("Weight bits", "weights", bits);
  EXPECT_THAT(figure.drawing.str(), HasSubstr("class=\"bar zero\""));
  EXPECT_THAT(figure.drawing.str(), HasSubstr("0 bits: 2 weights, 50.0 %"));
  EXPECT_EQ(figure.table.rows.size(), 3U);
  EXPECT_NO_THROW(bit_histogram("none", "weights", {}));
}

TEST(HeatMap, ShadesCellsAndLeavesPrunedOnesToTheHatching) {
  const Figure figure = heat_map({.title = "Kernel", .rows = 2, .columns = 3, .bits = {1, 1, 0, 2, 0, 1}});
  EXPECT_THAT(figure.drawing.str(), HasSubstr("class=\"h1\" d=\"M0 0h2v1h-2zM2 1h1v1h-1z\""));
  EXPECT_THAT(figure.drawing.str(), HasSubstr("class=\"h2\" d=\"M0 1h1v1h-1z\""));
  EXPECT_THAT(figure.drawing.str(), HasSubstr("data-cells=\"110201\" data-columns=\"3\""));
  EXPECT_THAT(figure.caption, HasSubstr("2 of 6 weights (33.3 %)"));
  EXPECT_THROW(heat_map({.title = "Kernel", .rows = 2, .columns = 3, .bits = {1}}), ShapeError);
}

TEST(HeatMap, LargeKernelsAreDrawnInBlocks) {
  HeatMap map{.title = "Kernel", .rows = 784, .columns = 512, .bits = std::vector<int>(784 * 512, 0)};
  map.bits[5] = 40;
  const Figure figure = heat_map(map);
  EXPECT_THAT(figure.caption, HasSubstr("means over blocks of 9 × 4"));
  EXPECT_LT(figure.drawing.str().size(), 300'000U);
}

TEST(GraphLayout, RanksFollowTheLongestWayAndLinksBendAroundBoxes) {
  const GraphLayout layout = lay_out({{}, {0}, {1}, {0, 2}, {}});
  EXPECT_EQ(layout.ranks, 4);
  EXPECT_EQ(layout.places[3].rank, 3);
  ASSERT_EQ(layout.links.size(), 4U);
  for (const GraphLink& link : layout.links) {
    const int span =
        layout.places[static_cast<size_t>(link.to)].rank - layout.places[static_cast<size_t>(link.from)].rank;
    EXPECT_EQ(static_cast<int>(link.bends.size()), span - 1);
  }
  EXPECT_THROW(lay_out({{0}}), ShapeError);
  EXPECT_TRUE(lay_out({}).places.empty());
}

TEST(GraphLayout, NoTwoBoxesOverlap) {
  std::vector<std::vector<int>> parents;
  for (int i = 0; i < 120; ++i) {
    parents.emplace_back();
    for (int k = 1; k <= 3; ++k) {
      const int parent = i - 1 - (i * 7 * k) % 11;
      if (parent >= 0 && i % (k + 1) == 0) parents.back().push_back(parent);
    }
  }
  const GraphLayout layout = lay_out(parents);
  for (size_t a = 0; a < layout.places.size(); ++a) {
    EXPECT_GE(layout.places[a].column, -1e-9);
    EXPECT_LE(layout.places[a].column, layout.columns + 1e-9);
    for (size_t b = a + 1; b < layout.places.size(); ++b) {
      if (layout.places[a].rank != layout.places[b].rank) continue;
      EXPECT_GE(std::abs(layout.places[a].column - layout.places[b].column), 1 - 1e-6) << a << " " << b;
    }
  }
}

TEST(NetworkGraph, NamesLayersWithBits) {
  NetworkGraph graph{.title = "Network", .nodes = {}};
  graph.nodes.push_back({.name = "a<b>", .detail = "HQuantize [10]", .output = "4.7 bits"});
  graph.nodes.push_back({.name = "out", .detail = "HDense [2]", .output = "8 bits", .reads = {0}, .has_weights = true});
  const Figure figure = network_graph(graph);
  EXPECT_THAT(figure.drawing.str(), HasSubstr(">a&lt;b&gt;</text>"));
  EXPECT_THAT(figure.drawing.str(), HasSubstr("out (HDense [2]) reads a&lt;b&gt;."));
  EXPECT_THAT(figure.drawing.str(), HasSubstr("box strong"));
  EXPECT_EQ(figure.table.rows[1][2], "a<b>");
}

}  // namespace figures_test
}  // namespace hgq::report
