#include "hgq/report/line_chart.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "hgq/core/error.h"
#include "hgq/report/drawing.h"
#include "hgq/report/thinning.h"

namespace hgq::report {
namespace {

constexpr double kLinesWidth = 440;
constexpr double kCurvesHeight = 204;  // of the plot
constexpr size_t kRuns = 300;
constexpr size_t kRunsOfAll = 1800;
constexpr size_t kMarkedPoints = 32;
constexpr size_t kTableRows = 100;
constexpr double kCurvesLogRatio = 12;

/// The colour of a series, then its pattern.
std::string role_of(const Series& series, size_t number) {
  const size_t look = series.look.value_or(number);
  return concat("s", look % 6, look >= 6 ? concat(" d", look / 6 % 4) : std::string());
}

/// The curve as the d of a path; with `as_dots`, a dot at each point.
std::string path_of(const Series& series, const std::vector<size_t>& points, const Axis& x, const Axis& y,
                    bool as_dots) {
  std::string out;
  bool is_down = false;
  for (size_t i = 0; i < points.size(); ++i) {
    const double value = series.y[points[i]];
    if (!std::isfinite(value)) {
      is_down = false;
      continue;
    }
    const bool is_alone = !is_down && (i + 1 == points.size() || !std::isfinite(series.y[points[i + 1]]));
    out += is_down && !as_dots ? "L" : "M";
    out += concat(coordinate(x.at(series.x[points[i]])), " ", coordinate(y.at(value)));
    if (as_dots || is_alone) out += "h0";
    is_down = true;
  }
  return out;
}

std::string describe_series(const Series& series) {
  const auto finite = [](double v) { return std::isfinite(v); };
  const auto first = std::ranges::find_if(series.y, finite);
  if (first == series.y.end()) return concat(series.name, " has no finite value.");
  const auto last = std::find_if(series.y.rbegin(), series.y.rend(), finite);
  const Interval range = range_of(series.y);
  return concat(series.name, " goes from ", number_text(*first), " to ", number_text(*last), ", least ",
                number_text(range.low), ", largest ", number_text(range.high), ".");
}

Table table_of(const LineChart& chart) {
  std::map<double, std::vector<std::string>> rows;
  for (size_t s = 0; s < chart.series.size(); ++s) {
    const Series& series = chart.series[s];
    for (size_t i = 0; i < series.x.size(); ++i) {
      std::vector<std::string>& row = rows[series.x[i]];
      row.resize(chart.series.size());
      row[s] = number_text(series.y[i], 6);
    }
  }
  Table table;
  table.columns.push_back({chart.x_label});
  for (const Series& series : chart.series) table.columns.push_back({series.name});
  std::vector<const std::pair<const double, std::vector<std::string>>*> all;
  for (const auto& row : rows) all.push_back(&row);
  for (const size_t i : spaced(all.size(), kTableRows)) {
    std::vector<std::string> cells{number_text(all[i]->first, 9)};
    cells.insert(cells.end(), all[i]->second.begin(), all[i]->second.end());
    table.rows.push_back(std::move(cells));
  }
  if (all.size() > kTableRows)
    table.caption = concat(kTableRows, " of ", count_text(static_cast<int64_t>(all.size())), " rows, evenly spaced");
  return table;
}

}  // namespace

Figure line_chart(const LineChart& chart) {
  std::vector<double> all_x;
  std::vector<double> all_y;
  Frame frame{.plot = {}, .x_label = chart.x_label, .y_label = chart.y_label, .legend = {}};
  for (size_t s = 0; s < chart.series.size(); ++s) {
    const Series& series = chart.series[s];
    HGQ_CHECK(series.x.size() == series.y.size(), ShapeError, "line_chart: series '", series.name, "' has ",
              series.x.size(), " x and ", series.y.size(), " y, expected as many of both");
    all_x.insert(all_x.end(), series.x.begin(), series.x.end());
    all_y.insert(all_y.end(), series.y.begin(), series.y.end());
    if (chart.series.size() > 1) frame.legend.push_back({series.name, "line " + role_of(series, s)});
  }
  const auto [x, y] =
      place_plot(frame, {.numbers = range_of(all_x), .margin = 0},
                 {.kind = kind_for(all_y, kCurvesLogRatio), .numbers = range_of(all_y)}, kLinesWidth, kCurvesHeight);
  Drawing drawing(kLinesWidth, frame.plot.y + kCurvesHeight + kBelowPlot);
  draw_frame(drawing, frame, x, y);
  drawing.set_axes(x, y, chart.x_label);
  bool is_thinned = false;
  size_t not_finite = 0;
  std::string description = concat("Over ", chart.x_label, " ", number_text(range_of(all_x).low, 9), " to ",
                                   number_text(range_of(all_x).high, 9), ": ");
  for (size_t s = 0; s < chart.series.size(); ++s) {
    const Series& series = chart.series[s];
    const std::vector<size_t> points = thinned(series.y, std::min(kRuns, kRunsOfAll / chart.series.size()));
    is_thinned = is_thinned || points.size() < series.y.size();
    not_finite += static_cast<size_t>(std::ranges::count_if(series.y, [](double v) { return !std::isfinite(v); }));
    const std::string curve = path_of(series, points, x, y, false);
    if (!curve.empty()) drawing.path(curve, "line " + role_of(series, s), series.name);
    if (!curve.empty() && points.size() <= kMarkedPoints)
      drawing.path(path_of(series, points, x, y, true), "dots " + role_of(series, s));
    description += describe_series(series) + (s + 1 < chart.series.size() ? " " : "");
  }
  Figure figure{.title = chart.title,
                .drawing = drawing.finish(chart.title, description),
                .caption = chart.caption,
                .table = table_of(chart)};
  const auto add = [&](const std::string& sentence) {
    figure.caption += (figure.caption.empty() ? "" : " ") + sentence;
  };
  if (y.kind() == AxisKind::kLog) add("Logarithmic scale.");
  if (not_finite > 0)
    add(concat(count_text(static_cast<int64_t>(not_finite)), not_finite == 1 ? " value is" : " values are",
               " not finite: gaps."));
  if (is_thinned) add("Thinned: of neighbouring points only the least and the largest are drawn.");
  return figure;
}

}  // namespace hgq::report
