// Several runs, or a sweep, as one page: the front over all runs and their saved models, the runs and what differs
// between them, their curves, and how to make them again.
//
//   const report::Comparison comparison = report::read_comparison({"sweeps/magic"});
//   write_file_atomically("magic.html", report::comparison_report(comparison, {.page_folder = "."}));
//
// The same files give the same bytes.
#pragma once

#include <string>

#include "hgq/report/comparison.h"

namespace hgq::report {

struct ComparisonOptions {
  std::string page_folder{};  // where the page will be, for its links to the reports of the runs; empty: here
  std::string metric{};       // NAME, max:NAME or min:NAME; empty: the usual one (report/comparison_view.h)
};

/// Throws ConfigError if no model has the metric.
std::string comparison_report(const Comparison& comparison, const ComparisonOptions& options = {});

}  // namespace hgq::report
