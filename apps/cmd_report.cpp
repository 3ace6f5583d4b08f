// hgq-train report, show: runs as a page, and a run in short on the terminal.
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hgq/apps/cmd_reports.h"
#include "hgq/apps/commands.h"
#include "hgq/apps/output_file.h"
#include "hgq/report/run_report.h"
#include "hgq/report/terminal.h"

namespace hgq {
namespace {

constexpr int kWidthInPipes = 80;
constexpr int kMostWidth = 160;

report::RunFiles read(const ReportCommand& command, const Registry& registry) {
  Workers workers(command.threads);
  report::ReadOptions options;
  if (command.luts) options.most_bops_to_estimate = std::numeric_limits<double>::infinity();
  return report::read_run(command.run, registry, workers, options);
}

/// The run in short, for programs: its summary.json, its front, its LUTs.
nlohmann::json run_json(const ReportCommand& command, const report::RunFiles& run) {
  nlohmann::json json{{"folder", command.run}, {"epochs", run.history.size()}, {"front", nlohmann::json::array()}};
  for (const report::FrontPoint& point : run.front.points) {
    nlohmann::json values = nlohmann::json::object();
    for (size_t i = 0; i < std::min(point.values.size(), run.front.metrics.size()); ++i)
      values[run.front.metrics[i]] = point.values[i];
    json["front"].push_back({{"file", point.file}, {"epoch", point.epoch}, {"metrics", values}});
  }
  if (run.summary) {
    std::ifstream file(command.run + "/summary.json");
    json["summary"] = nlohmann::json::parse(file, nullptr, false);
  }
  if (run.resources) json["luts"] = run.resources->total_luts;
  return json;
}

/// That of the terminal, or of the variable COLUMNS.
int terminal_width() {
  winsize size{};
  int width = kWidthInPipes;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    width = size.ws_col;
  } else if (const char* const columns = std::getenv("COLUMNS"); columns != nullptr) {
    const int given = std::atoi(columns);
    if (given > 0) width = given;
  }
  return std::min(width, kMostWidth);
}

}  // namespace

int run_report(const ReportCommand& command, const Registry& registry) {
  const std::string out = command.out.empty() ? command.run + "/" + report::kReportName : command.out;
  check_output("--out", out, files_of_run(command.run));
  return write_page(out, report::run_report(read(command, registry)), nlohmann::json::object(), command.json);
}

int run_show(const ReportCommand& command, const Registry& registry) {
  if (command.json) {
    std::cout << run_json(command, read(command, registry)).dump(1) << "\n";
    return kExitDone;
  }
  std::cout << report::run_text(read(command, registry), terminal_width());
  return kExitDone;
}

}  // namespace hgq
