#include "hgq/report/comparison_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "hgq/core/error.h"
#include "hgq/report/axis.h"
#include "hgq/report/comparison_figures.h"
#include "hgq/report/page.h"

namespace hgq::report {
namespace {

constexpr int kHeadDigits = 5;
constexpr double kLittleWorse = 0.01;
constexpr size_t kMostWarnings = 20;

/// "38 done, 2 failed"
std::string states_text(const Comparison& comparison) {
  std::string text;
  for (const char* const state : {"done", "running", "stopped", "waiting", "dropped", "failed", "unreadable"}) {
    const auto count = std::ranges::count(comparison.runs, state, &ComparedRun::state);
    if (count > 0) text += concat(text.empty() ? "" : ", ", count, " ", state);
  }
  return text;
}

std::string where_text(const Comparison& comparison, const ComparedModel& model) {
  return concat(comparison.runs[model.run].name, ", epoch ", model.epoch);
}

/// The best model, and the cheapest one that is little worse.
void add_best(const Comparison& comparison, const ComparisonView& view, const ComparedFront& front,
              std::vector<Headline>& out) {
  if (front.front.empty()) return;
  const ComparedModel& best = comparison.models[front.front.back()];
  const double quality = *best.value(view.quality);
  const bool of_luts = &front == &view.luts;
  const double limit =
      view.is_largest ? quality - kLittleWorse * std::abs(quality) : quality + kLittleWorse * std::abs(quality);
  for (const size_t m : front.front) {
    const double own = *comparison.models[m].value(view.quality);
    if (view.is_largest ? own < limit : own > limit) continue;
    out.push_back({concat("Fewest ", front.label, " at most 1 % worse"),
                   number_text(std::round(view.cost(comparison.models[m], of_luts)), kHeadDigits),
                   concat(number_text(own, kHeadDigits), "; ", where_text(comparison, comparison.models[m]))});
    return;
  }
}

Markup head_of(const Comparison& comparison, const ComparisonView& view) {
  std::vector<Headline> out;
  if (!view.bops.front.empty()) {
    const ComparedModel& best = comparison.models[view.bops.front.back()];
    out.push_back({concat("Best ", view.quality), number_text(*best.value(view.quality), kHeadDigits),
                   concat(number_text(view.cost(best, false), kHeadDigits), " BOPs; ", where_text(comparison, best))});
  }
  add_best(comparison, view, view.bops, out);
  add_best(comparison, view, view.luts, out);
  out.push_back({"Runs", count_text(static_cast<int64_t>(comparison.runs.size())), states_text(comparison)});
  const auto measured = std::ranges::count_if(comparison.models, &ComparedModel::is_measured);
  out.push_back({"Saved models", count_text(static_cast<int64_t>(comparison.models.size())),
                 concat(view.bops.front.size(), " on the front of BOPs; ", measured, " measured by front")});
  Markup content = headlines(out);
  std::vector<std::string> warnings = comparison.warnings;
  warnings.insert(warnings.end(), view.warnings.begin(), view.warnings.end());
  for (size_t i = 0; i < std::min(kMostWarnings, warnings.size()); ++i) content += warning(warnings[i]);
  if (warnings.size() > kMostWarnings)
    content += warning(concat("And ", warnings.size() - kMostWarnings, " more of the kind."));
  return content;
}

Section front_section(const Comparison& comparison, const ComparisonView& view, const std::string& page_folder) {
  Section section{"front", "Front of all runs", {}};
  if (view.bops.drawn.empty() && view.luts.drawn.empty()) {
    section.content = paragraph(
        "No run has saved a model with its cost yet. Models are saved by the callback ParetoFront, and at the end of a "
        "run.");
    return section;
  }
  std::vector<Figure> figures;
  if (!view.bops.drawn.empty()) figures.push_back(compared_front(comparison, view, view.bops));
  if (!view.luts.drawn.empty()) figures.push_back(compared_front(comparison, view, view.luts));
  if (figures.size() == 2) {
    section.content += pair(to_markup(figures[0]), to_markup(figures[1]));
  } else {
    section.content += element("div", {{"class", "pair"}}, to_markup(figures[0]));
  }
  const auto without_luts = std::ranges::count_if(
      comparison.models, [](const ComparedModel& model) { return model.is_usable && !model.value("luts"); });
  if (without_luts > 0)
    section.content += element("p", {{"class", "note"}},
                               concat("The LUTs of ", without_luts, without_luts == 1 ? " model are" : " models are",
                                      " not known here: 'hgq-train front' measures them, with test metrics and exact "
                                      "BOPs. BOPs of models that are not measured are those of the training."));
  const Table table = front_table(comparison, view, page_folder);
  section.content += element("h3", {}, "Models on the front") + to_markup(table);
  const std::vector<Figure> by_key = fronts_by_key(comparison, view);
  if (!by_key.empty())
    section.content += element("h3", {}, "The same models, by what differs between the runs") + grid(by_key);
  return section;
}

/// Versions and seeds of all runs.
Table origin_table(const Comparison& comparison) {
  std::vector<std::string> names{"seed", "hgq"};
  std::map<std::string, std::set<std::string>> values;
  for (const ComparedRun& run : comparison.runs) {
    if (!run.summary) continue;
    if (run.summary->seed) values["seed"].insert(concat(*run.summary->seed));
    for (const auto& [name, version] : run.summary->versions) {
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
      values[name].insert(version);
    }
  }
  Table table{.columns = {{"what", false}, {"value", false}}, .rows = {}, .caption = ""};
  for (const std::string& name : names) {
    std::string text;
    for (const std::string& value : values[name]) text += (text.empty() ? "" : ", ") + value;
    if (!text.empty()) table.rows.push_back({name, text});
  }
  return table;
}

Section origin_section(const Comparison& comparison) {
  Section section{"origin", comparison.is_sweep ? "The sweep, and how to make it again" : "How to make them again", {}};
  if (const Table table = origin_table(comparison); !table.rows.empty()) section.content += to_markup(table);
  if (comparison.is_sweep) {
    section.content += paragraph(
        "The file below, sweep.yaml in the folder of the sweep, makes the same runs again, in the same bits for any "
        "number of threads and jobs:");
    section.content += listing("hgq-train sweep sweep.yaml --out again");
    section.content += element("h3", {}, "sweep.yaml") + listing(comparison.sweep_text);
  } else {
    section.content += paragraph(
        "config.yaml in the folder of a run trains the same again, in the same bits for any number of threads:");
    section.content += listing("hgq-train RUN/config.yaml --out again");
  }
  const auto with_config =
      std::ranges::find_if(comparison.runs, [](const ComparedRun& run) { return !run.config_text.empty(); });
  if (with_config != comparison.runs.end())
    section.content +=
        folded(concat("config.yaml of ", with_config->name, "; the others differ as the table of the runs says"),
               listing(with_config->config_text));
  return section;
}

Section runs_section(const Comparison& comparison, const ComparisonView& view, const std::string& page_folder) {
  Section section{"runs", "Runs", {}};
  for (const ComparedRun& run : comparison.runs) {
    if (run.state == "failed") section.content += warning(concat(run.name, " has failed: ", run.message));
  }
  section.content += to_markup(runs_table(comparison, view, page_folder));
  return section;
}

}  // namespace

std::string comparison_report(const Comparison& comparison, const ComparisonOptions& options) {
  const ComparisonView view = view_of(comparison, options.metric);
  Page page{.title = comparison.name,
            .subtitle = comparison.is_sweep ? "A sweep: quantized networks for FPGAs, trained by hgq"
                                            : "Quantized networks for FPGAs, trained by hgq",
            .head = head_of(comparison, view),
            .sections = {},
            .footer = ""};
  page.sections.push_back(front_section(comparison, view, options.page_folder));
  if (const std::vector<Figure> curves = compared_curves(comparison, view); !curves.empty())
    page.sections.push_back({"curves", "Training", grid(curves)});
  page.sections.push_back(runs_section(comparison, view, options.page_folder));
  page.sections.push_back(origin_section(comparison));
  page.footer =
      "Front: the models that can be built and that no other one beats in both numbers. BOPs: for each product of a "
      "weight and a value, the bits of one times those of the other. LUTs are estimated of the combinational circuit.";
  return to_html(page);
}

}  // namespace hgq::report
