#include "hgq/apps/cmd_reports.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "hgq/apps/output_file.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/data/atomic_file.h"
#include "hgq/report/comparison_report.h"
#include "hgq/report/run_report.h"

namespace hgq {
namespace {

int report_of_several(const ReportsCommand& command) {
  HGQ_CHECK(!command.luts, ConfigError,
            "--luts is for the page of one run; of several, 'hgq-train front' measures the LUTs of all models, and the "
            "page shows them");
  const report::Comparison comparison = report::read_comparison(command.runs);
  HGQ_CHECK(!command.out.empty() || command.runs.size() == 1, ConfigError,
            "a page about several folders needs a file to write: give it with --out FILE.html");
  const std::string out = command.out.empty() ? command.runs.front() + "/" + report::kReportName : command.out;
  std::vector<std::string> files;
  for (const std::string& folder : command.runs) {
    for (const char* const name : {"sweep.yaml", "runs.csv"}) files.push_back(folder + "/" + name);
  }
  for (const report::ComparedRun& run : comparison.runs) {
    for (std::string& file : files_of_run(run.folder)) files.push_back(std::move(file));
  }
  check_output("--out", out, files);
  const std::string page = report::comparison_report(
      comparison, {.page_folder = std::filesystem::path(out).parent_path().string(), .metric = command.metric});
  for (const std::string& warning : comparison.warnings)
    std::cerr << "hgq-train: warning: " << bounded_message(warning) << "\n";
  write_page(out, page, {{"runs", comparison.runs.size()}, {"models", comparison.models.size()}}, command.json);
  const bool any_damaged = std::ranges::any_of(comparison.runs, &report::ComparedRun::is_damaged);
  return any_damaged ? kExitFailed : kExitDone;
}

}  // namespace

int write_page(const std::string& out, const std::string& page, nlohmann::json json, bool print_json) {
  write_file_atomically(out, page);
  json["file"] = out;
  json["bytes"] = page.size();
  if (print_json) std::cout << json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  std::cerr << out << ": " << (page.size() + 512) / 1024 << " kB\n";
  return kExitDone;
}

int run_reports(const ReportsCommand& command, const Registry& registry) {
  const bool is_one = command.runs.size() == 1 &&
                      (!std::filesystem::is_directory(command.runs.front()) || report::holds_run(command.runs.front()));
  if (!is_one) return report_of_several(command);
  HGQ_CHECK(command.metric.empty(), ConfigError, "--metric says by what several runs are compared; '",
            printable(command.runs.front()), "' is one run");
  ReportCommand one = command;
  one.run = command.runs.front();
  return run_report(one, registry);
}

}  // namespace hgq
