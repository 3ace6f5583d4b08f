// The figures and tables of a page about several runs.
//
//   const report::Comparison comparison = report::read_comparison({"runs"});
//   const report::ComparisonView view = report::view_of(comparison);
//   std::vector<report::Figure> figures = report::compared_curves(comparison, view);
//   if (!view.bops.drawn.empty()) figures.push_back(report::compared_front(comparison, view, view.bops));
//   const report::Markup content = report::grid(figures);
#pragma once

#include <string>
#include <vector>

#include "hgq/report/comparison_view.h"
#include "hgq/report/figure.h"

namespace hgq::report {

/// All models over a cost, a colour and a shape for each run.
Figure compared_front(const Comparison& comparison, const ComparisonView& view, const ComparedFront& front);
/// The same models with a colour for each value of a key, for every key of 2 to 6 values; none if only one key differs.
std::vector<Figure> fronts_by_key(const Comparison& comparison, const ComparisonView& view);
/// The quality and the BOPs over the epochs, a line for each run that has a look.
std::vector<Figure> compared_curves(const Comparison& comparison, const ComparisonView& view);

/// The models on the fronts, best first; the runs. Links are to the reports of the runs as seen from the folder
/// `page_folder`, where these are there.
Table front_table(const Comparison& comparison, const ComparisonView& view, const std::string& page_folder);
Table runs_table(const Comparison& comparison, const ComparisonView& view, const std::string& page_folder);

/// "beta 1e-05, units 16": what is different about a run, in short.
std::string settings_text(const ComparedRun& run, const ComparisonView& view);

}  // namespace hgq::report
