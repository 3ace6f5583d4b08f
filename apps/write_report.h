// report.html at the end of a training run, and of a sweep.
#pragma once

#include <string>

#include "hgq/core/parallel.h"
#include "hgq/deploy/registry.h"

namespace hgq {

/// Writes the page about the run in `folder`, whose other files are there. Returns `code`, that of the run. If the page
/// cannot be written, says so on standard error, and returns kExitFailed instead of kExitDone.
int with_report(int code, const std::string& folder, const Registry& registry, Workers& workers);

/// The same for a sweep.
int with_sweep_report(int code, const std::string& folder);

}  // namespace hgq
