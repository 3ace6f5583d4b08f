#include "hgq/report/comparison_figures.h"

#include <algorithm>
#include <cmath>

#include "hgq/core/error.h"
#include "hgq/report/axis.h"
#include "hgq/report/front_chart.h"
#include "hgq/report/line_chart.h"
#include "hgq/report/run_figures.h"
#include "hgq/report/scatter.h"

namespace hgq::report {
namespace {

constexpr size_t kMostSettings = 6;
constexpr size_t kMostKeyFigures = 6;
constexpr size_t kMostValues = 6;
constexpr size_t kMostValueText = 24;
constexpr int kTipDigits = 5;

/// What is shown under the mouse: run, epoch, numbers, what is different about the run.
std::string tip_of(const Comparison& comparison, const ComparisonView& view, const ComparedModel& model) {
  const ComparedRun& run = comparison.runs[model.run];
  std::string text = concat(run.name, ", epoch ", model.epoch, ": ", view.quality, " ",
                            number_text(model.value(view.quality).value_or(std::nan("")), kTipDigits));
  if (const auto bops = model.bops()) text += concat(", BOPs ", number_text(*bops, kTipDigits));
  if (const auto luts = model.value("luts")) text += concat(", LUTs ", number_text(std::round(*luts), kTipDigits));
  if (!model.is_usable) text += ", cannot be built";
  const std::string settings = settings_text(run, view);
  return settings.empty() ? text : concat(text, "; ", settings);
}

std::vector<std::string> values_of(const Comparison& comparison, size_t key) {
  std::vector<std::string> values;
  for (const ComparedRun& run : comparison.runs) {
    if (key >= run.settings.size()) continue;
    if (std::ranges::find(values, run.settings[key]) == values.end()) values.push_back(run.settings[key]);
  }
  return values;
}

}  // namespace

std::string settings_text(const ComparedRun& run, const ComparisonView& view) {
  std::string text;
  const size_t count = std::min(run.settings.size(), view.keys.size());
  for (size_t k = 0; k < std::min(kMostSettings, count); ++k)
    text += concat(k > 0 ? ", " : "", view.keys[k], " ",
                   run.settings[k].empty() ? "not set" : shortened(run.settings[k], kMostValueText));
  return count > kMostSettings ? text + ", …" : text;
}

Figure compared_front(const Comparison& comparison, const ComparisonView& view, const ComparedFront& front) {
  const bool of_luts = &front == &view.luts;
  FrontChart chart{.title = concat(without_validation(view.quality), " over ", front.label),
                   .x_label = front.label,
                   .y_label = view.quality,
                   .runs = {},
                   .looks = view.looks};
  for (const ComparedRun& run : comparison.runs) chart.runs.push_back(run.name);
  size_t unusable = 0;
  for (const size_t m : front.drawn) {
    const ComparedModel& model = comparison.models[m];
    unusable += model.is_usable ? 0 : 1;
    chart.points.push_back({.x = view.cost(model, of_luts),
                            .y = *model.value(view.quality),
                            .run = model.run,
                            .is_on_front = std::ranges::find(front.front, m) != front.front.end(),
                            .tip = tip_of(comparison, view, model),
                            .label = chart.runs.size() > 1 ? shortened(chart.runs[model.run], 12) : ""});
  }
  chart.caption = concat(front.drawn.size(), front.drawn.size() == 1 ? " model. " : " models. ", front.front.size(),
                         " of them, joined, are not beaten by another one.");
  if (unusable > 0)
    chart.caption += concat(" ", unusable, unusable == 1 ? " model has" : " models have",
                            " no proxy, or a wrong one, and cannot be on the front.");
  const bool has_pale = std::ranges::any_of(view.looks, [](const auto& look) { return !look; });
  if (has_pale) chart.caption += " Runs with a model on a front have a colour of their own.";
  return front_chart(chart);
}

std::vector<Figure> fronts_by_key(const Comparison& comparison, const ComparisonView& view) {
  std::vector<Figure> figures;
  if (comparison.keys.size() < 2) return figures;
  for (size_t k = 0; k < comparison.keys.size() && figures.size() < kMostKeyFigures; ++k) {
    const std::vector<std::string> values = values_of(comparison, k);
    if (values.size() < 2 || values.size() > kMostValues) continue;
    Scatter figure{.title = concat("By ", view.keys[k]),
                   .x_label = "BOPs",
                   .y_label = view.quality,
                   .sets = {},
                   .label_name = "",
                   .caption = ""};
    for (const std::string& value : values) {
      PointSet& set = figure.sets.emplace_back();
      set.name = concat(view.keys[k], " ", value.empty() ? "not set" : shortened(value, kMostValueText));
      set.mark = Mark::kCloud;
      for (const size_t m : view.bops.drawn) {
        const ComparedModel& model = comparison.models[m];
        const ComparedRun& run = comparison.runs[model.run];
        if (k >= run.settings.size() || run.settings[k] != value) continue;
        set.x.push_back(view.cost(model, false));
        set.y.push_back(*model.value(view.quality));
      }
    }
    std::erase_if(figure.sets, [](const PointSet& set) { return set.x.empty(); });
    if (figure.sets.size() < 2) continue;
    Figure drawn = scatter(figure);
    drawn.table = {};
    figures.push_back(std::move(drawn));
  }
  return figures;
}

std::vector<Figure> compared_curves(const Comparison& comparison, const ComparisonView& view) {
  std::vector<Figure> figures;
  for (const std::string& column : {view.quality, std::string("bops")}) {
    if (column.empty()) continue;
    const bool is_bops = column == "bops";
    LineChart chart{.title = is_bops ? "BOPs" : column,
                    .x_label = "epoch",
                    .y_label = is_bops ? "BOPs" : column,
                    .series = {},
                    .caption = ""};
    for (size_t r = 0; r < comparison.runs.size(); ++r) {
      if (!view.looks[r]) continue;
      Series series = series_of(comparison.runs[r].history, column, comparison.runs[r].name);
      series.look = *view.looks[r];
      if (!series.x.empty()) chart.series.push_back(std::move(series));
    }
    if (chart.series.empty()) continue;
    if (comparison.runs.size() > kLooks)
      chart.caption = concat("Of ", comparison.runs.size(), " runs, the ", chart.series.size(),
                             " with a model on a front are drawn.");
    figures.push_back(line_chart(chart));
  }
  return figures;
}

}  // namespace hgq::report
