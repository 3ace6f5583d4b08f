// The report of a run as one page: headline numbers, front, curves, network, layers, verification, where
// the time went, data, and how to make it again. Everything is in the page; it has the same bytes whenever and wherever
// it is made from the same files.
//
//   Workers workers;
//   const report::RunFiles run = report::read_run("runs/magic", built_in_registry(), workers);
//   write_file_atomically("magic.html", report::run_report(run));
//
// docs/report.md describes the page. The figures are made by functions of their own (report/run_figures.h), so that a
// page about several runs can use them.
#pragma once

#include <string>

#include "hgq/report/run_files.h"

namespace hgq::report {

std::string run_report(const RunFiles& run);

/// The name of the report in the folder of a run.
inline constexpr const char* kReportName = "report.html";

}  // namespace hgq::report
