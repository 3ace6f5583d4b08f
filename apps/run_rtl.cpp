#include "hgq/apps/run_rtl.h"

#include <algorithm>

#include "hgq/apps/interruption.h"
#include "hgq/core/error.h"
#include "hgq/core/shell_word.h"
#include "hgq/deploy/files.h"
#include "hgq/deploy/rtl_folder.h"

namespace hgq {

RunRtl write_run_rtl(const std::string& folder, const RtlSettings& settings, const Dataset& rows,
                     const Registry& registry, Workers& workers,
                     const std::function<void(const rtl::LoweringProgress&)>& progress) {
  RunRtl made;
  const std::string proxy = folder + "/proxy.h5";
  const std::string out = folder + "/rtl";
  try {
    check_rtl_folder(out, true);
    Batch first;
    rows.slice(0, std::min(settings.rows, rows.size()), first);
    RtlOptions options = settings.options();
    options.progress = progress;
    const RtlProject project = to_rtl(load_proxy(proxy, registry), options, workers, first.inputs());
    const GracefulStop stop;
    write_rtl_folder(out, project, options, proxy, true, &stop.requested());
    for (const std::string& line : project.notes) made.notes.push_back("note: " + line);
    made.table = describe(project);
    made.values = {{"luts", project.estimate.total.luts},
                   {"ffs", project.estimate.total.ffs},
                   {"clocks", static_cast<double>(project.circuit.latency)}};
    made.notes.push_back(concat("RTL in ", out, "; 'hgq-train verify ", shell_word(out), "' simulates it"));
    made.written = true;
  } catch (const ConfigError& e) {
    made.notes.push_back(concat("there is no RTL: ", e.what()));
  }
  return made;
}

}  // namespace hgq
