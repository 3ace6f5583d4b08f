#include "hgq/report/comparison_view.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"
#include "hgq/deploy/choice.h"
#include "hgq/report/config_leaves.h"
#include "hgq/report/front_chart.h"

namespace hgq::report {
namespace {

/// Numbers that say what a model costs or how it was checked, not how good it is.
bool is_cost(const std::string& name) {
  static const std::set<std::string> kCosts{"epoch", "bops",   "exact_bops", "luts",           "adders", "path_ns",
                                            "ffs",   "clocks", "latency_ns", "overflow_share", "beta",   "free_bops"};
  return kCosts.contains(name);
}

/// In how many runs each quality is known.
std::vector<std::pair<std::string, size_t>> qualities(const Comparison& comparison) {
  std::vector<std::string> names;
  std::map<std::string, std::set<size_t>> runs;
  for (const ComparedModel& model : comparison.models) {
    for (const auto& [name, value] : model.values) {
      if (is_cost(name) || !std::isfinite(value)) continue;
      if (runs[name].empty()) names.push_back(name);
      runs[name].insert(model.run);
    }
  }
  std::vector<std::pair<std::string, size_t>> out;
  for (const std::string& name : names) out.emplace_back(name, runs[name].size());
  return out;
}

std::string usual_quality(const Comparison& comparison) {
  const auto known = qualities(comparison);
  for (const auto& [name, largest] : comparison.objectives) {
    if (std::ranges::find(known, name, &std::pair<std::string, size_t>::first) != known.end())
      return concat(largest ? "max:" : "min:", name);
  }
  std::string best;
  std::tuple<bool, size_t, int> best_rank;
  for (const auto& [name, runs] : known) {  // losses last: they may be of different kinds
    const bool is_loss = name.find("loss") != std::string::npos;
    const int rows = name.starts_with("val_") ? 3 : name.starts_with("test_") ? 2 : 1;
    const std::tuple rank(!is_loss, runs, 2 * rows + (name.ends_with("task_loss") ? 1 : 0));
    if (best.empty() || rank > best_rank) {
      best = name;
      best_rank = rank;
    }
  }
  return best;
}

ComparedFront front_over(const Comparison& comparison, const ComparisonView& view, bool of_luts) {
  ComparedFront out{.label = of_luts ? "LUTs" : "BOPs", .drawn = {}, .front = {}};
  const auto quality = [&](size_t m) { return *comparison.models[m].value(view.quality); };
  const auto cost = [&](size_t m) { return view.cost(comparison.models[m], of_luts); };
  for (size_t m = 0; m < comparison.models.size(); ++m) {
    const std::optional<double> value = comparison.models[m].value(view.quality);
    if (value && std::isfinite(*value) && std::isfinite(cost(m))) out.drawn.push_back(m);
  }
  std::vector<size_t> order;
  for (const size_t m : out.drawn) {
    if (comparison.models[m].is_usable) order.push_back(m);
  }
  const auto is_better = [&](size_t a, size_t b) {
    return view.is_largest ? quality(a) > quality(b) : quality(a) < quality(b);
  };
  std::ranges::stable_sort(
      order, [&](size_t a, size_t b) { return cost(a) != cost(b) ? cost(a) < cost(b) : is_better(a, b); });
  for (const size_t m : order) {
    if (out.front.empty() || is_better(m, out.front.back())) out.front.push_back(m);
  }
  return out;
}

void set_looks(const Comparison& comparison, ComparisonView& view) {
  view.looks.assign(comparison.runs.size(), std::nullopt);
  std::vector<size_t> runs;
  if (comparison.runs.size() <= kLooks) {
    for (size_t r = 0; r < comparison.runs.size(); ++r) runs.push_back(r);
  } else {
    std::set<size_t> on_front;
    for (const ComparedFront* const front : {&view.bops, &view.luts}) {
      for (const size_t m : front->front) on_front.insert(comparison.models[m].run);
    }
    runs.assign(on_front.begin(), on_front.end());
    if (runs.size() > kLooks) runs.resize(kLooks);
  }
  for (size_t i = 0; i < runs.size(); ++i) view.looks[runs[i]] = i;
}

void warn_of_metrics(const Comparison& comparison, ComparisonView& view) {
  for (size_t r = 0; r < comparison.runs.size(); ++r) {
    if (view.best[r]) continue;
    const auto other = std::ranges::find(comparison.models, r, &ComparedModel::run);
    if (other == comparison.models.end()) continue;
    std::string names;
    for (const ComparedModel& model : comparison.models) {
      if (model.run != r) continue;
      for (const auto& [name, value] : model.values) {
        if (!is_cost(name) && names.find(name) == std::string::npos) names += (names.empty() ? "" : ", ") + name;
      }
    }
    view.warnings.push_back(concat(comparison.runs[r].name, " has no ", view.quality,
                                   " and is not on the front; it has ", names.empty() ? "no metric" : names, "."));
  }
}

}  // namespace

double ComparisonView::cost(const ComparedModel& model, bool of_luts) const {
  return (of_luts ? model.value("luts") : model.bops()).value_or(std::nan(""));
}

ComparisonView view_of(const Comparison& comparison, const std::string& metric) {
  ComparisonView view;
  view.keys = short_paths(comparison.keys);
  view.best.assign(comparison.runs.size(), std::nullopt);
  const std::string wanted = metric.empty() ? usual_quality(comparison) : metric;
  if (wanted.empty()) {
    set_looks(comparison, view);
    return view;
  }
  const Aim aim = Aim::from(wanted);
  view.quality = aim.name;
  view.is_largest = aim.largest;
  std::vector<std::string> names;
  for (const auto& [name, runs] : qualities(comparison)) names.push_back(name);
  HGQ_CHECK(std::ranges::find(names, view.quality) != names.end(), ConfigError, "no model of these runs has a number '",
            printable(view.quality), "'", did_you_mean(view.quality, names), "; known are ", quoted_names(names));
  view.bops = front_over(comparison, view, false);
  view.luts = front_over(comparison, view, true);
  for (size_t m = 0; m < comparison.models.size(); ++m) {
    const ComparedModel& model = comparison.models[m];
    const std::optional<double> value = model.value(view.quality);
    if (!value || !std::isfinite(*value)) continue;
    std::optional<size_t>& best = view.best[model.run];
    const double so_far = best ? *comparison.models[*best].value(view.quality) : 0;
    if (!best || (view.is_largest ? *value > so_far : *value < so_far)) best = m;
  }
  set_looks(comparison, view);
  warn_of_metrics(comparison, view);
  return view;
}

}  // namespace hgq::report
