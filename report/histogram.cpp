#include "hgq/report/histogram.h"

#include <algorithm>

#include "hgq/core/error.h"
#include "hgq/report/drawing.h"

namespace hgq::report {
namespace {

constexpr double kFigureWidth = 440;
constexpr double kFigureHeight = 250;

}  // namespace

Figure histogram(const Histogram& histogram) {
  const std::vector<double>& edges = histogram.edges;
  HGQ_CHECK(!histogram.counts.empty() && edges.size() == histogram.counts.size() + 1 && std::ranges::is_sorted(edges),
            ShapeError, "histogram: '", histogram.title, "' has ", edges.size(), " edges and ", histogram.counts.size(),
            " bins, expected one more ascending edge than bins");
  int64_t total = 0;
  for (const int64_t count : histogram.counts) total += count;
  const auto fullest = std::ranges::max_element(histogram.counts);
  const auto most = static_cast<double>(std::max<int64_t>(1, *fullest));
  const Frame named{.plot = {}, .x_label = histogram.x_label, .y_label = "rows", .legend = {}};
  const double left = std::max(34.0, label_room(Axis::over(AxisKind::kLinear, {0, most}, {200, 30}), 6) + 10);
  Frame frame = named;
  frame.plot = {left, 26, kFigureWidth - left - 10, kFigureHeight - 66};
  const Axis x =
      Axis::over(AxisKind::kLinear, {edges.front(), edges.back()}, {frame.plot.x, frame.plot.x + frame.plot.width});
  const double bottom = frame.plot.y + frame.plot.height;
  const Axis y = Axis::over(AxisKind::kLinear, {0, most * 1.05}, {bottom, frame.plot.y});
  Drawing drawing(kFigureWidth, kFigureHeight);
  draw_frame(drawing, frame, x, y);
  Table table{.columns = {{"from"}, {"to"}, {"rows"}, {"share"}}, .rows = {}, .caption = ""};
  for (size_t i = 0; i < histogram.counts.size(); ++i) {
    const int64_t count = histogram.counts[i];
    const std::string share =
        percent_text(static_cast<double>(count) / static_cast<double>(std::max<int64_t>(1, total)));
    table.rows.push_back({number_text(edges[i], 5), number_text(edges[i + 1], 5), count_text(count), share});
    if (count == 0) continue;
    const bool is_point = edges.size() == 2 && edges[0] == edges[1];  // one value alone
    const double from = is_point ? x.at(edges[i]) - 6 : x.at(edges[i]);
    const double to = is_point ? from + 12 : x.at(edges[i + 1]);
    const double top = y.at(static_cast<double>(count));
    drawing.rectangle({from, top, std::max(0.6, to - from - 0.6), bottom - top}, "bar",
                      concat(number_text(edges[i], 5), " to ", number_text(edges[i + 1], 5), ": ", count_text(count),
                             " rows, ", share));
  }
  const auto at = static_cast<size_t>(fullest - histogram.counts.begin());
  return {.title = histogram.title,
          .drawing = drawing.finish(
              histogram.title,
              concat("Histogram of ", count_text(total), " rows over ", histogram.x_label, " from ",
                     number_text(edges.front()), " to ", number_text(edges.back()), "; most, ", count_text(*fullest),
                     ", lie between ", number_text(edges[at]), " and ", number_text(edges[at + 1]), ".")),
          .caption = histogram.caption,
          .table = std::move(table)};
}

}  // namespace hgq::report
