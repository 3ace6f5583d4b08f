#include "hgq/report/bar_chart.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "hgq/core/error.h"
#include "hgq/report/drawing.h"

namespace hgq::report {
namespace {

constexpr double kBarsWidth = 440;
constexpr double kBarLine = 22;
constexpr double kBarHeight = 14;
constexpr size_t kMostBars = 60;
constexpr size_t kMostNameLength = 26;
constexpr double kHistogramWidth = 360;
constexpr double kHistogramHeight = 200;

std::string count_label(int64_t count) {
  return count < 10000 ? count_text(count) : number_text(static_cast<double>(count) / 1000, 3) + "k";
}

}  // namespace

Figure bar_chart(const BarChart& chart) {
  std::vector<std::pair<std::string, double>> drawn = chart.bars;
  if (drawn.size() > kMostBars) {
    std::ranges::stable_sort(drawn, std::ranges::greater(), &std::pair<std::string, double>::second);
    if (chart.is_share) std::ranges::reverse(drawn);
    drawn.resize(kMostBars);
  }
  double names = 0;
  double values = 0;
  double total = 0;
  std::vector<double> amounts;
  for (const auto& [name, value] : drawn) {
    names = std::max(names, text_width(shortened(name, kMostNameLength)));
    values = std::max(values, text_width(number_text(value)));
    amounts.push_back(value);
  }
  for (const auto& bar : chart.bars) total += chart.is_share ? 0 : std::isfinite(bar.second) ? bar.second : 0;
  const double left = names + 10;
  const double room = kBarsWidth - left - values - 12;
  const double largest = chart.is_share ? 1 : std::max(range_of(amounts).high, 1e-300);
  Drawing drawing(kBarsWidth, kBarLine * static_cast<double>(std::max<size_t>(1, drawn.size())) + 8);
  double y = 4;
  std::string description = chart.is_share ? concat("Bars of ", chart.unit, " from 0 to 1:")
                                           : concat("Bars of ", chart.unit, ", ", number_text(total, 6), " in all:");
  for (const auto& [name, value] : drawn) {
    const double length = std::isfinite(value) ? std::max(0.0, std::min(value / largest, 1.0)) * room : 0;
    drawing.text({left - 8, y + 12}, shortened(name, kMostNameLength), "label", Anchor::kEnd);
    drawing.rectangle({left, y + 1, length, kBarHeight}, "bar",
                      concat(name, ": ", number_text(value, 6), " ", chart.unit,
                             total > 0 ? concat(", ", percent_text(value / total)) : std::string()),
                      2);
    drawing.text({left + length + 6, y + 12}, number_text(value), "tick");
    description += concat(" ", name, " ", number_text(value), ";");
    y += kBarLine;
  }
  drawing.line({left, 2}, {left, y}, "axis");
  Figure figure{.title = chart.title,
                .drawing = drawing.finish(chart.title, description),
                .caption = chart.caption,
                .table = {.columns = {{"name", false}, {chart.unit}, {"share"}}, .rows = {}, .caption = ""}};
  if (chart.is_share) figure.table.columns.pop_back();
  for (const auto& [name, value] : chart.bars) {
    figure.table.rows.push_back({name, number_text(value, 6), total > 0 ? percent_text(value / total) : "-"});
    figure.table.rows.back().resize(figure.table.columns.size());
  }
  if (drawn.size() < chart.bars.size()) {
    figure.caption += concat(figure.caption.empty() ? "" : " ", chart.is_share ? "The least " : "The largest ",
                             kMostBars, " of ", chart.bars.size(), " are drawn.");
  }
  return figure;
}

Figure bit_histogram(const std::string& title, const std::string& what, std::span<const int> bits,
                     const std::string& zero) {
  std::map<int, int64_t> counts;
  for (const int b : bits) ++counts[b];
  const int first = counts.empty() ? 0 : std::min(0, counts.begin()->first);
  const int last = counts.empty() ? 1 : std::max(first + 3, counts.rbegin()->first);
  int64_t most = 1;
  for (const auto& entry : counts) most = std::max(most, entry.second);

  const Box plot{8, 30, kHistogramWidth - 16, kHistogramHeight - 30 - 38};
  const double step = plot.width / (last - first + 1);
  Drawing drawing(kHistogramWidth, kHistogramHeight);
  drawing.text({8, 12}, concat("number of ", what), "label");
  const double bottom = plot.y + plot.height;
  const auto total = static_cast<double>(bits.size());
  double free_from = 0;
  const int every = std::max(1, static_cast<int>(std::ceil(18 / step)));
  std::string description = concat(bits.size(), " ", what, ":");
  for (int b = first; b <= last; ++b) {
    const double centre = plot.x + step * (b - first + 0.5);
    if (b % every == 0) drawing.text({centre, bottom + 16}, concat(b), "tick", Anchor::kMiddle);
    const auto found = counts.find(b);
    if (found == counts.end()) continue;
    const int64_t count = found->second;
    const double height = plot.height * static_cast<double>(count) / static_cast<double>(most);
    const double width = std::min(step * 0.78, 44.0);
    drawing.rectangle({centre - width / 2, bottom - height, width, height}, b == 0 ? "bar zero" : "bar",
                      concat(b, b == 1 ? " bit: " : " bits: ", count_text(count), " ", what, ", ",
                             percent_text(static_cast<double>(count) / total)));
    const std::string label = count_label(count);
    const double half = text_width(label, 11) / 2;
    if (centre - half >= free_from) {
      drawing.text({centre, bottom - height - 4}, label, "tick", Anchor::kMiddle);
      free_from = centre + half + 3;
    }
    description += concat(" ", count, " with ", b, b == 1 ? " bit;" : " bits;");
  }
  drawing.line({plot.x, bottom}, {plot.x + plot.width, bottom}, "axis");
  drawing.text({plot.x + plot.width / 2, bottom + 33},
               counts.contains(0) ? concat("bits (0: ", zero, ")") : std::string("bits"), "label", Anchor::kMiddle);
  Figure figure{.title = title,
                .drawing = drawing.finish(title, description),
                .caption = "",
                .table = {.columns = {{"bits"}, {what}, {"share"}}, .rows = {}, .caption = ""}};
  for (const auto& [b, count] : counts)
    figure.table.rows.push_back({concat(b), count_text(count), percent_text(static_cast<double>(count) / total)});
  return figure;
}

}  // namespace hgq::report
