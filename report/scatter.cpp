#include "hgq/report/scatter.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "hgq/core/error.h"
#include "hgq/report/drawing.h"
#include "hgq/report/point_labels.h"
#include "hgq/report/thinning.h"

namespace hgq::report {
namespace {

constexpr double kScatterWidth = 490;
constexpr double kScatterHeight = 264;  // of the plot
constexpr double kScatterLogRatio = 4;
constexpr double kRadius = 4;
constexpr size_t kMostLabels = 40;
constexpr size_t kMostScatterTips = 600;

std::string role_of(Mark mark, size_t number) {
  return concat(mark == Mark::kCloud ? "cloud s" : mark == Mark::kDiamond ? "mark s" : "point s", number % 6);
}

const std::string& y_label_of(const Scatter& scatter, const PointSet& set) {
  return set.y_label.empty() ? scatter.y_label : set.y_label;
}

bool is_drawn(const PointSet& set, size_t i) { return std::isfinite(set.x[i]) && std::isfinite(set.y[i]); }

std::vector<size_t> by_x(const PointSet& set) {
  std::vector<size_t> order;
  for (size_t i = 0; i < set.x.size(); ++i) {
    if (is_drawn(set, i)) order.push_back(i);
  }
  std::ranges::stable_sort(order, {}, [&](size_t i) { return set.x[i]; });
  return order;
}

void draw_cloud(Drawing& drawing, const PointSet& set, size_t number, const Axis& x, const Axis& y) {
  std::string path;
  std::set<std::pair<int, int>> cells;  // of two pixels: more points cannot be told apart
  for (size_t i = 0; i < set.x.size(); ++i) {
    if (!is_drawn(set, i)) continue;
    const Place at{x.at(set.x[i]), y.at(set.y[i])};
    if (!cells.insert({static_cast<int>(at.x / 2), static_cast<int>(at.y / 2)}).second) continue;
    path += concat("M", coordinate(at.x), " ", coordinate(at.y), "h0");
  }
  if (!path.empty()) drawing.path(path, role_of(Mark::kCloud, number));
}

void draw_points(Drawing& drawing, const Scatter& scatter, size_t number, const Axis& x, const Axis& y) {
  const PointSet& set = scatter.sets[number];
  const std::vector<size_t> order = by_x(set);
  if (set.mark == Mark::kPoint && order.size() > 1) {
    std::string path;
    for (const size_t i : order)
      path += concat(path.empty() ? "M" : "L", coordinate(x.at(set.x[i])), " ", coordinate(y.at(set.y[i])));
    drawing.path(path, concat("thin s", number % 6));
  }
  for (const size_t i : order) {
    const Place at{x.at(set.x[i]), y.at(set.y[i])};
    std::string tip = concat(scatter.x_label, " ", number_text(set.x[i], 6), ", ", y_label_of(scatter, set), " ",
                             number_text(set.y[i], 6));
    if (i < set.labels.size() && !set.labels[i].empty())
      tip = concat(scatter.label_name, scatter.label_name.empty() ? "" : " ", set.labels[i], ": ", tip);
    if (order.size() > kMostScatterTips) tip.clear();
    if (set.mark == Mark::kDiamond) {
      drawing.add(element("path",
                          {{"class", role_of(set.mark, number)},
                           {"d", concat("M", coordinate(at.x), " ", coordinate(at.y - 7), "l7 7l-7 7l-7-7z")}},
                          element("title", {}, concat(set.name, ": ", tip))));
    } else {
      drawing.circle(at, order.size() > 100 ? 2.5 : kRadius, role_of(set.mark, number), tip);
    }
  }
}

/// The ends first, as they matter most, then those between at equal distances.
std::vector<size_t> label_order(const std::vector<size_t>& order) {
  std::vector<size_t> first;
  if (!order.empty()) first = {order.front(), order.back()};
  for (const size_t i : spaced(order.size(), kMostLabels)) first.push_back(order[i]);
  std::vector<size_t> out;
  for (const size_t i : first) {
    if (std::ranges::find(out, i) == out.end()) out.push_back(i);
  }
  return out;
}

void draw_labels(Drawing& drawing, const Scatter& scatter, const Box& plot, const Axis& x, const Axis& y) {
  PointLabels labels(plot);
  for (const PointSet& set : scatter.sets) {
    if (set.mark == Mark::kCloud) continue;
    for (size_t i = 0; i < set.x.size(); ++i) {
      if (is_drawn(set, i))
        labels.keep_free({x.at(set.x[i]), y.at(set.y[i])}, set.mark == Mark::kDiamond ? 7 : kRadius + 1);
    }
  }
  for (const PointSet& set : scatter.sets) {
    if (set.labels.empty()) continue;
    for (const size_t i : label_order(by_x(set))) labels.draw(drawing, {x.at(set.x[i]), y.at(set.y[i])}, set.labels[i]);
  }
}

Table table_of(const Scatter& scatter) {
  Table table;
  table.columns = {{"set", false},
                   {scatter.label_name.empty() ? "label" : scatter.label_name},
                   {scatter.x_label},
                   {scatter.y_label}};
  for (const PointSet& set : scatter.sets) {
    if (set.mark == Mark::kCloud) continue;
    const std::string other = set.y_label.empty() ? "" : concat(" (", set.y_label, ")");
    for (size_t i = 0; i < set.x.size(); ++i)
      table.rows.push_back({set.name, i < set.labels.size() ? set.labels[i] : "", number_text(set.x[i], 6),
                            number_text(set.y[i], 6) + other});
  }
  return table;
}

}  // namespace

Figure scatter(const Scatter& scatter) {
  std::vector<double> all_x;
  std::vector<double> all_y;
  Frame frame{.plot = {}, .x_label = scatter.x_label, .y_label = scatter.y_label, .legend = {}};
  for (size_t s = 0; s < scatter.sets.size(); ++s) {
    const PointSet& set = scatter.sets[s];
    HGQ_CHECK(set.x.size() == set.y.size() && (set.labels.empty() || set.labels.size() == set.x.size()), ShapeError,
              "scatter: set '", set.name, "' has ", set.x.size(), " x, ", set.y.size(), " y and ", set.labels.size(),
              " labels, expected as many of all");
    for (size_t i = 0; i < set.x.size(); ++i) {
      if (!is_drawn(set, i)) continue;
      all_x.push_back(set.x[i]);
      all_y.push_back(set.y[i]);
    }
    if (scatter.sets.size() > 1) frame.legend.push_back({set.name, role_of(set.mark, s), false});
  }
  const auto [x, y] = place_plot(frame, {.kind = kind_for(all_x, kScatterLogRatio), .numbers = range_of(all_x)},
                                 {.numbers = range_of(all_y), .margin = 0.08}, kScatterWidth, kScatterHeight);
  Drawing drawing(kScatterWidth, frame.plot.y + kScatterHeight + kBelowPlot);
  draw_frame(drawing, frame, x, y);
  std::string description;
  for (size_t s = 0; s < scatter.sets.size(); ++s) {
    const PointSet& set = scatter.sets[s];
    if (set.mark == Mark::kCloud) {
      draw_cloud(drawing, set, s, x, y);
    } else {
      draw_points(drawing, scatter, s, x, y);
    }
    description +=
        concat(s > 0 ? " " : "", set.name, ": ", count_text(static_cast<int64_t>(set.x.size())),
               set.x.size() == 1 ? " point, " : " points, ", scatter.x_label, " ", number_text(range_of(set.x).low),
               " to ", number_text(range_of(set.x).high), ", ", y_label_of(scatter, set), " ",
               number_text(range_of(set.y).low), " to ", number_text(range_of(set.y).high), ".");
  }
  draw_labels(drawing, scatter, frame.plot, x, y);
  Figure figure{.title = scatter.title,
                .drawing = drawing.finish(scatter.title, description),
                .caption = scatter.caption,
                .table = table_of(scatter)};
  return figure;
}

}  // namespace hgq::report
