#include "hgq/report/run_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "hgq/core/error.h"
#include "hgq/report/axis.h"
#include "hgq/report/line_chart.h"
#include "hgq/report/scatter.h"

namespace hgq::report {
namespace {

constexpr std::string_view kValidation = "val_";

bool is_metric(const std::string& column) {
  return column != "bops" && column != "beta" && column != "learning_rate" && column != "seconds";
}

PointSet cloud_of(const History& history, const FrontAxes& axes) {
  PointSet cloud{.name = "every epoch", .x = {}, .y = {}, .labels = {}, .mark = Mark::kCloud};
  for (size_t row = 0; row < history.size(); ++row) {
    const std::optional<double> cost = history.find(row, axes.cost);
    const std::optional<double> quality = history.find(row, axes.quality);
    if (!cost || !quality) continue;
    cloud.x.push_back(*cost);
    cloud.y.push_back(*quality);
  }
  return cloud;
}

PointSet front_of(const RunFront& front, const FrontAxes& axes) {
  PointSet points{.name = "front, by epoch", .x = {}, .y = {}, .labels = {}, .mark = Mark::kPoint};
  const auto column = [&](const std::string& metric) {
    return static_cast<size_t>(std::ranges::find(front.metrics, metric) - front.metrics.begin());
  };
  const size_t cost = column(axes.cost);
  const size_t quality = column(axes.quality);
  for (const FrontPoint& point : front.points) {
    if (cost >= point.values.size() || quality >= point.values.size()) continue;
    points.x.push_back(point.values[cost]);
    points.y.push_back(point.values[quality]);
    points.labels.push_back(concat(point.epoch));
  }
  return points;
}

std::string label_of(const std::string& column) { return column == "bops" ? "BOPs" : column; }

/// The final model on the rows of the axis, if that is known of it; otherwise on those that it was tested on, which the
/// label then says. Without x if neither is known.
PointSet final_model(const RunFiles& run, const FrontAxes& axes) {
  PointSet point{.name = "", .x = {}, .y = {}, .labels = {""}, .mark = Mark::kDiamond};
  const RunSummary& summary = *run.summary;
  const std::string metric = without_validation(axes.quality);
  const std::string rows_of_axis = axes.quality == metric ? "train" : "validation";
  const bool is_of_axis = summary.tested_on == rows_of_axis;
  const std::optional<double> tested = find_number(summary.model, metric);
  std::optional<double> value = is_of_axis ? tested : find_number(run.measured, axes.quality);
  // The model of the last epoch, unless EarlyStopping has taken the best one back.
  const bool is_last = run.config_text.find("restore_best_weights: true") == std::string::npos;
  if (const size_t epochs = run.history.size(); !value && is_last && epochs > 0)
    value = summary.epochs == run.history.epoch(epochs - 1) ? run.history.find(epochs - 1, axes.quality) : std::nullopt;
  point.name = concat("final model, ", value ? rows_of_axis : summary.tested_on, " rows");
  if (!value && tested) {
    value = tested;
    point.y_label = concat(summary.tested_on, "_", metric);
    point.name += concat(" (", point.y_label, ")");
  }
  if (!value || !summary.bops) return point;
  point.x = {*summary.bops};
  point.y = {*value};
  return point;
}

std::string title_of(const std::string& column) {
  if (column == "bops") return "BOPs";
  if (column == "beta") return "beta, the weight of the BOPs in the loss";
  if (column == "learning_rate") return "Learning rate";
  return column;
}

}  // namespace

Series series_of(const History& history, const std::string& column, const std::string& name) {
  Series series{.name = name, .x = {}, .y = {}};
  for (size_t row = 0; row < history.size(); ++row) {
    if (const std::optional<double> value = history.find(row, column)) {
      series.x.push_back(history.epoch(row));
      series.y.push_back(*value);
    }
  }
  return series;
}

std::string without_validation(const std::string& metric) {
  return metric.starts_with(kValidation) ? metric.substr(kValidation.size()) : metric;
}

std::optional<FrontAxes> front_axes(const RunFiles& run) {
  const std::vector<std::string>& metrics = run.front.metrics;
  if (metrics.size() >= 2) {
    const size_t cost = std::ranges::find(metrics, "bops") != metrics.end()
                            ? static_cast<size_t>(std::ranges::find(metrics, "bops") - metrics.begin())
                            : 1;
    return FrontAxes{metrics[cost], metrics[cost == 0 ? 1 : 0]};
  }
  const std::vector<std::string> columns = run.history.columns();
  if (std::ranges::find(columns, "bops") == columns.end()) return std::nullopt;
  for (const bool of_validation : {true, false}) {
    for (const std::string& column : columns) {
      const bool is_loss = without_validation(column).find("loss") != std::string::npos;
      if (is_metric(column) && !is_loss && column.starts_with(kValidation) == of_validation)
        return FrontAxes{"bops", column};
    }
  }
  for (const char* const loss : {"val_loss", "loss"}) {
    if (std::ranges::find(columns, loss) != columns.end()) return FrontAxes{"bops", loss};
  }
  return std::nullopt;
}

std::optional<Figure> front_figure(const RunFiles& run) {
  const std::optional<FrontAxes> axes = front_axes(run);
  if (!axes) return std::nullopt;
  Scatter figure{.title = concat(without_validation(axes->quality), " over ", label_of(axes->cost)),
                 .x_label = label_of(axes->cost),
                 .y_label = axes->quality,
                 .sets = {},
                 .label_name = "epoch"};
  PointSet front = front_of(run.front, *axes);
  const bool has_front = !front.x.empty();
  if (has_front) figure.sets.push_back(std::move(front));
  if (run.summary && axes->cost == "bops") {
    PointSet point = final_model(run, *axes);
    if (!point.x.empty()) figure.sets.push_back(std::move(point));
  }
  if (PointSet cloud = cloud_of(run.history, *axes); !cloud.x.empty()) figure.sets.push_back(std::move(cloud));
  if (figure.sets.empty()) return std::nullopt;
  figure.caption = has_front ? "No other epoch beats a model of the front. Each is a file in pareto/, named after its "
                               "epoch. During the training BOPs are those of the ranges "
                               "so far; of the final model they are exact."
                             : "";
  return scatter(figure);
}

std::vector<Figure> curve_figures(const History& history) {
  std::vector<Figure> figures;
  const std::vector<std::string> columns = history.columns();
  const auto has = [&](const std::string& column) { return std::ranges::find(columns, column) != columns.end(); };
  for (const std::string& column : columns) {
    if (column == "seconds") continue;
    const bool of_validation = column.starts_with(kValidation);
    if (of_validation && has(without_validation(column))) continue;  // in the figure of the training rows
    LineChart chart{
        .title = title_of(column), .x_label = "epoch", .y_label = label_of(column), .series = {}, .caption = ""};
    chart.series.push_back(series_of(history, column, of_validation ? "validation" : "training"));
    const std::string other = concat(kValidation, column);
    if (!of_validation && has(other)) chart.series.push_back(series_of(history, other, "validation"));
    std::erase_if(chart.series, [](const Series& series) { return series.x.empty(); });
    if (!chart.series.empty()) figures.push_back(line_chart(chart));
  }
  return figures;
}

}  // namespace hgq::report
