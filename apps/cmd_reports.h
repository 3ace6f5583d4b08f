// hgq-train report: one run, several runs, or a sweep as a page.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "hgq/apps/commands.h"

namespace hgq {

/// `out` may be empty for a run, or for one folder of runs. `luts` is for one run, `metric` for several.
struct ReportsCommand : ReportCommand {
  std::vector<std::string> runs;  // folders of runs, or with runs in them
  std::string metric;             // NAME, max:NAME or min:NAME; empty: the usual one
};
/// Writes the page about what is given.
int run_reports(const ReportsCommand& command, const Registry& registry);

/// Writes a page and says so, on standard output as JSON with more keys.
int write_page(const std::string& out, const std::string& page, nlohmann::json json, bool print_json);

}  // namespace hgq
