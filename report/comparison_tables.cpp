// The tables of a page about several runs: the models on the fronts, and the runs.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <set>

#include "hgq/core/error.h"
#include "hgq/report/axis.h"
#include "hgq/report/comparison_figures.h"
#include "hgq/report/run_report.h"

namespace hgq::report {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostKeys = 10;
constexpr size_t kMostCell = 40;
constexpr int kTableDigits = 5;

std::string number_or_dash(const std::optional<double>& value) {
  return value ? number_text(*value, kTableDigits) : "-";
}

/// Estimates of LUTs and the like are not known to fractions.
std::string whole_or_dash(const std::optional<double>& value) {
  return value ? number_text(std::round(*value), kTableDigits) : "-";
}

bool is_number(const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  return text.empty() || (error == std::errc() && at == end);
}

/// The path from the page to the report of a run; empty if there is none.
std::string link_to(const ComparedRun& run, const std::string& page_folder) {
  std::error_code error;
  const fs::path page = fs::path(run.folder) / kReportName;
  if (!fs::is_regular_file(page, error)) return "";
  const fs::path from = fs::weakly_canonical(page_folder.empty() ? "." : page_folder, error);
  if (error) return "";
  const fs::path to = fs::weakly_canonical(page, error);
  return error ? "" : to.lexically_relative(from).generic_string();
}

/// The columns of the keys, and their fields for a run.
void add_key_columns(const Comparison& comparison, const ComparisonView& view, Table& table) {
  for (size_t k = 0; k < std::min(kMostKeys, view.keys.size()); ++k) {
    const bool are_numbers = std::ranges::all_of(comparison.runs, [&](const ComparedRun& run) {
      return k >= run.settings.size() || is_number(run.settings[k]);
    });
    table.columns.push_back({view.keys[k], are_numbers});
  }
  if (view.keys.size() > kMostKeys)
    table.caption = concat("The first ", kMostKeys, " of ", view.keys.size(), " keys in which the configs differ.");
}

void add_keys(const ComparedRun& run, const ComparisonView& view, std::vector<std::string>& row) {
  for (size_t k = 0; k < std::min(kMostKeys, view.keys.size()); ++k)
    row.push_back(k < run.settings.size() ? shortened(run.settings[k], kMostCell) : "");
}

bool any_has(const Comparison& comparison, const std::vector<size_t>& models, const std::string& name) {
  return std::ranges::any_of(models, [&](size_t m) { return comparison.models[m].value(name).has_value(); });
}

}  // namespace

Table front_table(const Comparison& comparison, const ComparisonView& view, const std::string& page_folder) {
  std::set<size_t> both(view.bops.front.begin(), view.bops.front.end());
  both.insert(view.luts.front.begin(), view.luts.front.end());
  std::vector<size_t> models(both.begin(), both.end());
  const auto quality = [&](size_t m) { return comparison.models[m].value(view.quality).value_or(0); };
  std::ranges::stable_sort(
      models, [&](size_t a, size_t b) { return view.is_largest ? quality(a) > quality(b) : quality(a) < quality(b); });
  Table table{.columns = {{"run", false}, {"epoch"}, {view.quality}}, .rows = {}, .caption = ""};
  std::vector<std::string> numbers;
  const std::string test = view.quality.starts_with("val_") ? "test_" + view.quality.substr(4) : "";
  if (!test.empty() && any_has(comparison, models, test)) numbers.push_back(test);
  numbers.emplace_back("BOPs");
  for (const char* const name : {"luts", "ffs", "clocks", "latency_ns"}) {
    if (any_has(comparison, models, name)) numbers.emplace_back(name);
  }
  for (const std::string& name : numbers)
    table.columns.push_back({name == "luts"         ? "LUTs"
                             : name == "ffs"        ? "FFs"
                             : name == "latency_ns" ? "latency, ns"
                                                    : name});
  const bool have_luts = !view.luts.drawn.empty();
  if (have_luts) table.columns.push_back({"on the front of", false});
  add_key_columns(comparison, view, table);
  table.columns.push_back({"file", false});
  for (const size_t m : models) {
    const ComparedModel& model = comparison.models[m];
    const ComparedRun& run = comparison.runs[model.run];
    std::vector<std::string> row{run.name, concat(model.epoch), number_or_dash(model.value(view.quality))};
    for (const std::string& name : numbers)
      row.push_back(name == test ? number_or_dash(model.value(name))
                                 : whole_or_dash(name == "BOPs" ? model.bops() : model.value(name)));
    if (have_luts) {
      const bool of_bops = std::ranges::find(view.bops.front, m) != view.bops.front.end();
      const bool of_luts = std::ranges::find(view.luts.front, m) != view.luts.front.end();
      row.emplace_back(of_bops && of_luts ? "BOPs, LUTs" : of_bops ? "BOPs" : "LUTs");
    }
    add_keys(run, view, row);
    row.push_back(model.file);
    table.rows.push_back(std::move(row));
    table.links.push_back(link_to(run, page_folder));
  }
  return table;
}

Table runs_table(const Comparison& comparison, const ComparisonView& view, const std::string& page_folder) {
  Table table{.columns = {{"run", false}, {"state", false}}, .rows = {}, .caption = ""};
  add_key_columns(comparison, view, table);
  const bool have_luts = !view.luts.drawn.empty();
  table.columns.push_back({"epochs"});
  table.columns.push_back({"models"});
  table.columns.push_back({view.quality.empty() ? "metric" : concat("best ", view.quality)});
  table.columns.push_back({"its BOPs"});
  if (have_luts) table.columns.push_back({"its LUTs"});
  const bool has_messages =
      std::ranges::any_of(comparison.runs, [](const ComparedRun& r) { return !r.message.empty(); });
  if (has_messages) table.columns.push_back({"message", false});
  for (size_t r = 0; r < comparison.runs.size(); ++r) {
    const ComparedRun& run = comparison.runs[r];
    std::vector<std::string> row{run.name, run.state};
    add_keys(run, view, row);
    row.push_back(count_text(run.epochs()));
    row.push_back(concat(std::ranges::count(comparison.models, r, &ComparedModel::run)));
    const ComparedModel* const best = view.best[r] ? &comparison.models[*view.best[r]] : nullptr;
    row.push_back(best != nullptr ? number_or_dash(best->value(view.quality)) : "-");
    row.push_back(best != nullptr ? whole_or_dash(best->bops()) : "-");
    if (have_luts) row.push_back(best != nullptr ? whole_or_dash(best->value("luts")) : "-");
    if (has_messages) row.push_back(run.message);
    table.rows.push_back(std::move(row));
    table.links.push_back(link_to(run, page_folder));
  }
  return table;
}

}  // namespace hgq::report
