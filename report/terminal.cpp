#include "hgq/report/terminal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/report/axis.h"
#include "hgq/report/markup.h"
#include "hgq/report/run_figures.h"

namespace hgq::report {
namespace {

constexpr double kLogRatioX = 4;
constexpr double kLogRatioY = 12;
constexpr int kLeastWidth = 40;

/// The label of a tick in ASCII.
std::string tick_text(const Tick& tick) {
  const bool is_ascii = std::ranges::all_of(tick.label, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return is_ascii ? tick.label : fmt::format("{:.3g}", tick.value);
}

/// Left-justified text of exactly `width` characters.
std::string cell(const std::string& text, size_t width) {
  const std::string shown = shortened(printable(text), width);
  return shown + std::string(width - std::min(width, characters(shown)), ' ');
}

std::vector<double> values_of(const TextPlot& plot, bool of_x) {
  std::vector<double> all;
  for (const TextSeries& s : plot.series) {
    for (size_t i = 0; i < s.x.size(); ++i) {
      if (std::isfinite(s.x[i]) && std::isfinite(s.y[i])) all.push_back(of_x ? s.x[i] : s.y[i]);
    }
  }
  return all;
}

/// The line of labels below the horizontal axis.
std::string x_labels(const Axis& axis, int left, int width) {
  std::string line(static_cast<size_t>(left + width), ' ');
  size_t free_from = 0;
  for (const Tick& tick : axis.ticks(std::max(2, width / 12))) {
    const std::string label = tick_text(tick);
    const auto middle = static_cast<int64_t>(left + std::lround(axis.at(tick.value)));
    const int64_t begin = std::max<int64_t>(middle - static_cast<int64_t>(label.size()) / 2, 0);
    const auto at = static_cast<size_t>(begin);
    if (at < free_from || at + label.size() > line.size()) continue;
    line.replace(at, label.size(), label);
    free_from = at + label.size() + 1;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string columns_of(const RunFiles& run, int width) {
  const auto name = static_cast<size_t>(std::clamp(width - 58, 10, 32));
  std::string out = fmt::format("{} {} {:>8} {:>7} {:>6} {:>9} {:>9}\n", cell("layer", name), cell("kind", 12),
                                "weights", "pruned", "bits", "act. bits", "BOPs");
  for (const LayerFacts& layer : run.network->layers) {
    const WeightCount count = count_weights(layer);
    const auto weights = static_cast<double>(count.weights);
    double bits = 0;
    for (const float b : layer.activation_bits) bits += static_cast<double>(b);
    out += fmt::format(
        "{} {} {:>8} {:>7} {:>6} {:>9} {:>9}\n", cell(layer.name, name), cell(layer.kind, 12),
        count.weights > 0 ? count_text(count.weights) : "-",
        count.weights > 0 ? fmt::format("{:.0f} %", 100 * static_cast<double>(count.pruned) / weights) : "-",
        count.weights > 0 ? fmt::format("{:.2f}", static_cast<double>(count.bits) / weights) : "-",
        layer.activation_bits.empty() ? "-"
                                      : fmt::format("{:.2f}", bits / static_cast<double>(layer.activation_bits.size())),
        layer.bops ? fmt::format("{:.0f}", *layer.bops) : "-");
  }
  return out;
}

std::string numbers_of(const RunFiles& run) {
  std::string out;
  if (run.summary) {
    for (const auto& [name, value] : run.summary->model) {
      const auto proxy = std::ranges::find(run.summary->proxy, name, &std::pair<std::string, double>::first);
      out += fmt::format("{} model {:.6g}", cell(name, 14), value);
      if (proxy != run.summary->proxy.end()) out += fmt::format("   proxy {:.6g}", proxy->second);
      out += "\n";
    }
    if (run.summary->bops) out += fmt::format("{} {:.0f}\n", cell("BOPs", 14), *run.summary->bops);
  } else if (run.history.size() > 0) {
    out += fmt::format("{} {}\n", cell("epochs so far", 14), run.history.epoch(run.history.size() - 1));
  }
  if (run.resources)
    out += fmt::format("{} {:.0f} +- {:.0f} %, estimated\n", cell("LUTs", 14), run.resources->total_luts,
                       100 * run.resources->lut_spread);
  if (run.network) {
    const WeightCount weights = count_weights(run.network->layers);
    if (weights.weights > 0)
      out += fmt::format("{} {}, {:.1f} % of them pruned, {:.2f} bits on average\n", cell("weights", 14),
                         count_text(weights.weights),
                         100 * static_cast<double>(weights.pruned) / static_cast<double>(weights.weights),
                         static_cast<double>(weights.bits) / static_cast<double>(weights.weights));
  }
  if (run.summary && run.summary->verify)
    out += fmt::format("{} {} of {} rows differ from the model, {} without overflow\n", cell("proxy", 14),
                       run.summary->verify->rows_differ, run.summary->verify->rows,
                       run.summary->verify->rows_differ_without_overflow);
  return out;
}

TextSeries column_of(const History& history, const std::string& column, char mark, const std::string& name) {
  TextSeries series{.mark = mark, .name = name, .x = {}, .y = {}};
  for (size_t row = 0; row < history.size(); ++row) {
    if (const std::optional<double> value = history.find(row, column)) {
      series.x.push_back(history.epoch(row));
      series.y.push_back(*value);
    }
  }
  return series;
}

std::string front_plot(const RunFiles& run, int width) {
  const std::optional<FrontAxes> axes = front_axes(run);
  if (!axes) return "";
  TextSeries front{.mark = '*', .name = "front", .x = {}, .y = {}};
  const auto column = [&](const std::string& metric) {
    return static_cast<size_t>(std::ranges::find(run.front.metrics, metric) - run.front.metrics.begin());
  };
  for (const FrontPoint& point : run.front.points) {
    if (std::max(column(axes->cost), column(axes->quality)) >= point.values.size()) continue;
    front.x.push_back(point.values[column(axes->cost)]);
    front.y.push_back(point.values[column(axes->quality)]);
  }
  TextSeries all{.mark = '.', .name = "every epoch", .x = {}, .y = {}};
  for (size_t row = 0; row < run.history.size(); ++row) {
    const std::optional<double> cost = run.history.find(row, axes->cost);
    const std::optional<double> quality = run.history.find(row, axes->quality);
    if (!cost || !quality) continue;
    all.x.push_back(*cost);
    all.y.push_back(*quality);
  }
  return text_plot({.title = concat(axes->quality, " over ", axes->cost),
                    .x_label = axes->cost,
                    .series = {front, all},
                    .width = width,
                    .may_be_log_x = true});
}

}  // namespace

std::string text_plot(const TextPlot& plot) {
  const std::vector<double> all_x = values_of(plot, true);
  const std::vector<double> all_y = values_of(plot, false);
  if (all_x.empty()) return "";
  const int height = std::max(4, plot.height - 4);
  const Axis y = Axis::with_margin(kind_for(all_y, kLogRatioY), range_of(all_y), {height - 1.0, 0}, 0.03);
  const std::vector<Tick> y_ticks = y.ticks(std::max(2, height / 2));
  size_t labels = 0;
  for (const Tick& tick : y_ticks) labels = std::max(labels, tick_text(tick).size());
  const int left = static_cast<int>(labels) + 2;
  const int width = std::max(10, plot.width - left);
  const Axis x = Axis::over(plot.may_be_log_x ? kind_for(all_x, kLogRatioX) : AxisKind::kLinear, range_of(all_x),
                            {0, width - 1.0});

  std::vector<std::string> grid(static_cast<size_t>(height), std::string(static_cast<size_t>(width), ' '));
  for (auto series = plot.series.rbegin(); series != plot.series.rend(); ++series) {
    for (size_t i = 0; i < series->x.size(); ++i) {
      if (!std::isfinite(series->x[i]) || !std::isfinite(series->y[i])) continue;
      const auto row = static_cast<size_t>(std::clamp<int64_t>(std::lround(y.at(series->y[i])), 0, height - 1));
      const auto at = static_cast<size_t>(std::clamp<int64_t>(std::lround(x.at(series->x[i])), 0, width - 1));
      grid[row][at] = series->mark;
    }
  }
  std::string legend;
  for (const TextSeries& series : plot.series) {
    if (!series.x.empty()) legend += concat("   ", series.mark, " ", series.name);
  }
  std::string out = printable(plot.title) + legend + "\n";
  std::vector<std::string> margin(static_cast<size_t>(height), std::string(labels, ' '));
  for (const Tick& tick : y_ticks) {
    const auto row = static_cast<size_t>(std::clamp<int64_t>(std::lround(y.at(tick.value)), 0, height - 1));
    margin[row] = fmt::format("{:>{}}", tick_text(tick), labels);
  }
  for (size_t row = 0; row < grid.size(); ++row) {
    std::string line = concat(margin[row], " |", grid[row]);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  out += concat(std::string(labels, ' '), " +", std::string(static_cast<size_t>(width), '-'), "\n");
  out += x_labels(x, left, width);
  const std::string name = printable(plot.x_label);
  const auto middle = static_cast<size_t>(left + width / 2);
  out += std::string(middle - std::min(middle, name.size() / 2), ' ') + name + "\n";
  return out;
}

std::string run_text(const RunFiles& run, int width) {
  width = std::max(width, kLeastWidth);
  std::string out = printable(run.name) + "\n\n" + numbers_of(run);
  for (const std::string& missing : run.missing) out += bounded_message(missing) + "\n";
  if (run.network) out += "\n" + columns_of(run, width);
  if (const std::string front = front_plot(run, width); !front.empty()) out += "\n" + front;
  const std::string loss = text_plot({.title = "loss",
                                      .x_label = "epoch",
                                      .series = {column_of(run.history, "val_loss", 'v', "validation"),
                                                 column_of(run.history, "loss", 't', "training")},
                                      .width = width});
  if (!loss.empty()) out += "\n" + loss;
  return out;
}

}  // namespace hgq::report
