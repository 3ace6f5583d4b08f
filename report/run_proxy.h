// The parts of read_run() about proxy.h5 and RTL.
#pragma once

#include <string>

#include "hgq/report/run_files.h"

namespace hgq::report {

/// Fills in RunFiles::quantizers, and resources or no_resources; reads the BOPs from the summary.
void read_proxy(const std::string& path, const Registry& registry, Workers& workers, const ReadOptions& options,
                RunFiles& run);

/// What rtl/report.json says; `folder` is that of the RTL. Throws FileError.
ResourceFacts read_rtl_resources(const std::string& folder);

}  // namespace hgq::report
