#include "hgq/report/evaluation_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "hgq/core/error.h"
#include "hgq/report/axis.h"
#include "hgq/report/bar_chart.h"
#include "hgq/report/confusion_matrix.h"
#include "hgq/report/histogram.h"
#include "hgq/report/line_chart.h"

namespace hgq::report {
namespace {

constexpr size_t kMostCurves = 6;  // more have no colours of their own
constexpr size_t kMostColumns = 12;
constexpr std::array kEfficiencies{0.3, 0.5, 0.8, 0.9, 0.95, 0.99};

/// The false positive rate at a true positive rate, on the straight line between two points.
double rate_at(const std::vector<RocPoint>& roc, double efficiency) {
  for (size_t i = 1; i < roc.size(); ++i) {
    const RocPoint& a = roc[i - 1];
    const RocPoint& b = roc[i];
    if (b.true_positive_rate < efficiency) continue;
    const double rise = b.true_positive_rate - a.true_positive_rate;
    const double share = rise > 0 ? (efficiency - a.true_positive_rate) / rise : 0;
    return a.false_positive_rate + std::clamp(share, 0.0, 1.0) * (b.false_positive_rate - a.false_positive_rate);
  }
  return std::nan("");
}

/// The classes whose curves are drawn: of two that exclude each other the second, as the first is its mirror image; of
/// many those with the least area.
std::vector<const ClassReport*> drawn_classes(const OutputReport& output) {
  std::vector<const ClassReport*> classes;
  for (const ClassReport& c : output.classes) {
    if (c.roc.size() > 1) classes.push_back(&c);
  }
  if (output.confusion.size() == 2 && classes.size() == 2) return {classes[1]};
  if (classes.size() > kMostCurves) {
    std::ranges::stable_sort(classes, [](const ClassReport* a, const ClassReport* b) { return a->auc < b->auc; });
    classes.resize(kMostCurves);
  }
  return classes;
}

std::string curve_name(const ClassReport& c) {
  return std::isfinite(c.auc) ? fmt::format("{}, AUC {:.4f}", shortened(c.name, 20), c.auc) : c.name;
}

Table working_points(const OutputReport& output) {
  Table table{
      .columns = {{"class", false}, {"AUC"}}, .rows = {}, .caption = "False positive rate at a true positive rate of"};
  for (const double efficiency : kEfficiencies) table.columns.push_back({fmt::format("{:.0f} %", 100 * efficiency)});
  for (const ClassReport& c : output.classes) {
    if (c.roc.size() < 2) continue;
    std::vector<std::string> row{c.name, number_text(c.auc)};
    for (const double efficiency : kEfficiencies) row.push_back(number_text(rate_at(c.roc, efficiency), 3));
    table.rows.push_back(std::move(row));
  }
  return table;
}

void add_curves(const OutputReport& output, std::vector<Figure>& figures) {
  const std::vector<const ClassReport*> classes = drawn_classes(output);
  if (classes.empty()) return;
  LineChart roc{
      .title = "ROC", .x_label = "false positive rate", .y_label = "true positive rate", .series = {}, .caption = ""};
  LineChart rejection{.title = "Rejection of the other rows over efficiency",
                      .x_label = "true positive rate",
                      .y_label = "1 / false positive rate",
                      .series = {},
                      .caption = ""};
  for (const ClassReport* const c : classes) {
    Series& curve = roc.series.emplace_back(Series{.name = curve_name(*c), .x = {}, .y = {}});
    Series& rejected = rejection.series.emplace_back(Series{.name = curve_name(*c), .x = {}, .y = {}});
    for (const RocPoint& point : c->roc) {
      curve.x.push_back(point.false_positive_rate);
      curve.y.push_back(point.true_positive_rate);
      if (!(point.false_positive_rate > 0)) continue;
      rejected.x.push_back(point.true_positive_rate);
      rejected.y.push_back(1 / point.false_positive_rate);
    }
  }
  if (classes.size() < output.classes.size() && output.confusion.size() != 2)
    roc.caption = concat("The ", classes.size(), " classes with the least area; the table has all.");
  if (classes.size() == 1)
    roc.caption = concat("Of ", curve_name(*classes.front()),
                         output.confusion.size() == 2 ? "; the curve of the other class is its mirror image." : ".");
  for (LineChart* const chart : {&roc, &rejection}) {
    std::erase_if(chart->series, [](const Series& series) { return series.x.empty(); });
    if (chart->series.empty()) continue;
    Figure figure = line_chart(*chart);
    figure.table = working_points(output);
    figures.push_back(std::move(figure));
  }
}

}  // namespace

std::vector<Figure> evaluation_figures(const OutputReport& output) {
  std::vector<Figure> figures;
  std::vector<std::string> names;
  BarChart recalls{.title = "Recall of each class", .unit = "recall", .bars = {}, .caption = "", .is_share = true};
  for (const ClassReport& c : output.classes) {
    names.push_back(c.name);
    if (c.support > 0) recalls.bars.emplace_back(c.name, c.recall);
  }
  if (!output.confusion.empty())
    figures.push_back(confusion_matrix({.title = "Confusion matrix", .classes = names, .counts = output.confusion}));
  if (!recalls.bars.empty()) figures.push_back(bar_chart(recalls));
  add_curves(output, figures);
  for (size_t i = 0; i < std::min(kMostColumns, output.residuals.size()); ++i) {
    const ResidualReport& residual = output.residuals[i];
    if (residual.counts.empty()) continue;
    figures.push_back(
        histogram({.title = output.residuals.size() == 1 ? concat("Residuals of ", residual.name)
                                                         : concat("Residuals of ", output.name, " ", residual.name),
                   .x_label = "prediction − target",
                   .edges = residual.edges,
                   .counts = residual.counts}));
  }
  return figures;
}

Table evaluation_table(const OutputReport& output) {
  Table table;
  if (!output.residuals.empty()) {
    table.columns = {{"column", false}, {"mean"}, {"deviation"}, {"median"}, {"68 % from"}, {"to"},
                     {"95 % from"},     {"to"},   {"least"},     {"largest"}};
    table.caption = "prediction − target, in the unit of the targets";
    for (const ResidualReport& r : output.residuals) {
      std::vector<std::string> row{r.name, number_text(r.mean), number_text(r.deviation)};
      for (const size_t q : {3U, 2U, 4U, 1U, 5U, 0U, 6U})
        row.push_back(q < r.quantiles.size() ? number_text(r.quantiles[q]) : "-");
      table.rows.push_back(std::move(row));
    }
    return table;
  }
  table.columns = {{"class", false}, {"rows"}, {"said to be"}, {"precision"}, {"recall"}, {"F1"}, {"AUC"}};
  for (const ClassReport& c : output.classes)
    table.rows.push_back({c.name, count_text(c.support), count_text(c.predicted), number_text(c.precision),
                          number_text(c.recall), number_text(c.f1), number_text(c.auc)});
  return table;
}

}  // namespace hgq::report
