// The parts of read_run() about proxy.h5 and RTL.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "hgq/core/fixed_point.h"
#include "hgq/report/run_files.h"

namespace hgq::report {

/// Fills in RunFiles::quantizers, and resources or no_resources; reads the BOPs from the summary.
void read_proxy(const std::string& path, const Registry& registry, Workers& workers, const ReadOptions& options,
                RunFiles& run);

/// "fixed<5,2>", or "0 bits" where nothing is built, and how many of the types it is; by falling count.
std::vector<std::pair<std::string, int64_t>> type_counts(const std::vector<Kbi>& types);
std::string type_text(const Kbi& type);

/// What rtl/report.json says; `folder` is that of the RTL. Throws FileError.
ResourceFacts read_rtl_resources(const std::string& folder);

}  // namespace hgq::report
