#include "hgq/report/front_chart.h"

#include <algorithm>
#include <cmath>

#include "hgq/core/error.h"
#include "hgq/report/point_labels.h"

namespace hgq::report {
namespace {

constexpr double kFrontWidth = 490;
constexpr double kFrontHeight = 290;  // of the plot
constexpr double kFrontRadius = 5;
constexpr double kOtherRadius = 3.2;
constexpr double kLogSpan = 4;
constexpr size_t kMostFrontTips = 1500;
constexpr size_t kMostRunName = 26;

bool is_drawn(const ChartPoint& point) { return std::isfinite(point.x) && std::isfinite(point.y); }

/// The points of the front from left to right.
std::vector<const ChartPoint*> front_of(const FrontChart& chart) {
  std::vector<const ChartPoint*> front;
  for (const ChartPoint& point : chart.points) {
    if (point.is_on_front && is_drawn(point)) front.push_back(&point);
  }
  std::ranges::stable_sort(front, {}, &ChartPoint::x);
  return front;
}

std::string description_of(const FrontChart& chart, const std::vector<const ChartPoint*>& front) {
  const auto drawn = std::ranges::count_if(chart.points, is_drawn);
  std::string text = concat(count_text(drawn), drawn == 1 ? " model of " : " models of ", chart.runs.size(),
                            chart.runs.size() == 1 ? " run; " : " runs; ", front.size(), " on the front");
  if (front.empty()) return text + ".";
  const auto place = [&](const ChartPoint& point) {
    return concat(chart.x_label, " ", number_text(point.x), " with ", chart.y_label, " ", number_text(point.y), " (",
                  chart.runs[point.run], ")");
  };
  text += concat(", from ", place(*front.front()));
  if (front.size() > 1) text += concat(" to ", place(*front.back()));
  return text + ".";
}

}  // namespace

MarkShape shape_of(size_t look) {
  constexpr size_t kShapes = 5;
  return static_cast<MarkShape>((look + look / 6) % kShapes);
}

Figure front_chart(const FrontChart& chart) {
  const auto look_of = [&](size_t run) { return chart.looks.empty() ? std::optional<size_t>(run) : chart.looks[run]; };
  HGQ_CHECK(chart.looks.empty() || chart.looks.size() == chart.runs.size(), ShapeError, "front_chart: there are ",
            chart.looks.size(), " looks for ", chart.runs.size(), " runs");
  std::vector<double> all_x;
  std::vector<double> all_y;
  std::vector<bool> has_points(chart.runs.size(), false);
  for (const ChartPoint& point : chart.points) {
    HGQ_CHECK(point.run < chart.runs.size(), ShapeError, "front_chart: a point is of run ", point.run, " of ",
              chart.runs.size());
    if (!is_drawn(point)) continue;
    has_points[point.run] = true;
    all_x.push_back(point.x);
    all_y.push_back(point.y);
  }
  Frame frame{.plot = {}, .x_label = chart.x_label, .y_label = chart.y_label, .legend = {}};
  const auto role_of = [&](size_t run) {
    const std::optional<size_t> look = look_of(run);
    return look ? concat("point s", *look % 6) : std::string("point other");
  };
  bool has_others = false;
  for (size_t run = 0; run < chart.runs.size(); ++run) {
    if (!has_points[run]) continue;
    if (const std::optional<size_t> look = look_of(run)) {
      frame.legend.push_back({.name = shortened(chart.runs[run], kMostRunName),
                              .role = role_of(run),
                              .is_line = false,
                              .shape = shape_of(*look)});
    } else {
      has_others = true;
    }
  }
  if (has_others) frame.legend.push_back({.name = "other runs", .role = "point other off", .is_line = false});
  const auto [x, y] = place_plot(frame, {.kind = kind_for(all_x, kLogSpan), .numbers = range_of(all_x)},
                                 {.numbers = range_of(all_y), .margin = 0.08}, kFrontWidth, kFrontHeight);
  Drawing drawing(kFrontWidth, frame.plot.y + kFrontHeight + kBelowPlot);
  draw_frame(drawing, frame, x, y);

  const std::vector<const ChartPoint*> front = front_of(chart);
  PointLabels labels(frame.plot);
  std::string line;
  for (const ChartPoint* const point : front) {
    line += concat(line.empty() ? "M" : "L", coordinate(x.at(point->x)), " ", coordinate(y.at(point->y)));
    labels.keep_free({x.at(point->x), y.at(point->y)}, kFrontRadius + 1);
  }
  for (const bool on_front : {false, true}) {  // those of the front above the others
    for (const ChartPoint& point : chart.points) {
      if (!is_drawn(point) || point.is_on_front != on_front) continue;
      const bool has_tip = on_front || chart.points.size() <= kMostFrontTips;
      drawing.mark({x.at(point.x), y.at(point.y)}, on_front ? kFrontRadius : kOtherRadius,
                   look_of(point.run) ? shape_of(*look_of(point.run)) : MarkShape::kDisc,
                   role_of(point.run) + (on_front ? "" : " off"), has_tip ? point.tip : std::string());
    }
    if (!on_front && front.size() > 1) drawing.path(line, "front");
  }
  for (size_t i = 0; i < front.size(); ++i) {  // the ends first, which matter most
    const ChartPoint& point = *front[i % 2 == 0 ? i / 2 : front.size() - 1 - i / 2];
    if (!point.label.empty()) labels.draw(drawing, {x.at(point.x), y.at(point.y)}, point.label);
  }
  return {.title = chart.title,
          .drawing = drawing.finish(chart.title, description_of(chart, front)),
          .caption = chart.caption,
          .table = {}};
}

}  // namespace hgq::report
