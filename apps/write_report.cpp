#include "hgq/apps/write_report.h"

#include <exception>
#include <functional>
#include <iostream>

#include "hgq/apps/commands.h"
#include "hgq/core/printable.h"
#include "hgq/core/shell_word.h"
#include "hgq/data/atomic_file.h"
#include "hgq/report/comparison_report.h"
#include "hgq/report/run_report.h"

namespace hgq {
namespace {

int with_page(int code, const std::string& folder, const std::function<std::string()>& page) {
  try {
    write_file_atomically(folder + "/" + report::kReportName, page());
    return code;
  } catch (const std::exception& e) {
    std::cerr << "hgq-train: there is no new " << report::kReportName << ": " << bounded_message(e.what())
              << "; the other files are written, and 'hgq-train report " << shell_word(folder) << "' makes it later\n";
    return code == kExitDone ? kExitFailed : code;
  }
}

}  // namespace

int with_report(int code, const std::string& folder, const Registry& registry, Workers& workers) {
  return with_page(code, folder, [&] { return report::run_report(report::read_run(folder, registry, workers)); });
}

int with_sweep_report(int code, const std::string& folder) {
  return with_page(code, folder, [&] {
    return report::comparison_report(report::read_comparison({folder}), {.page_folder = folder, .metric = ""});
  });
}

}  // namespace hgq
