#include "hgq/apps/write_report.h"

#include <exception>
#include <iostream>

#include "hgq/apps/commands.h"
#include "hgq/core/printable.h"
#include "hgq/data/atomic_file.h"
#include "hgq/report/run_report.h"

namespace hgq {

int with_report(int code, const std::string& folder, const Registry& registry, Workers& workers) {
  try {
    write_file_atomically(folder + "/" + report::kReportName,
                          report::run_report(report::read_run(folder, registry, workers)));
    return code;
  } catch (const std::exception& e) {
    std::cerr << "hgq-train: there is no new " << report::kReportName << ": " << bounded_message(e.what())
              << "; the other files are written, and 'hgq-train report " << printable(folder) << "' makes it later\n";
    return code == kExitDone ? kExitFailed : code;
  }
}

}  // namespace hgq
