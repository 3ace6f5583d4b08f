// RTL at the end of a run whose config has a section `export.rtl`.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "hgq/apps/rtl_settings.h"
#include "hgq/core/parallel.h"
#include "hgq/data/dataset.h"
#include "hgq/deploy/registry.h"
#include "hgq/rtl/lowering.h"

namespace hgq {

struct RunRtl {
  bool written = false;            // false: there is no circuit for the proxy; the last note says why
  std::string table{};             // for standard output
  std::vector<std::string> notes;  // lines for the user
  /// Estimated numbers of the circuit that was written, by the names of Candidate::values(): luts, ffs, clocks.
  std::vector<std::pair<std::string, double>> values{};
};

/// Writes the folder FOLDER/rtl for FOLDER/proxy.h5, in the place of one that is there. The rows of the test bench are
/// the first of `rows`. `progress` is called while the solver works. Throws FileError, or RunError if the disk fails.
RunRtl write_run_rtl(const std::string& folder, const RtlSettings& settings, const Dataset& rows,
                     const Registry& registry, Workers& workers,
                     const std::function<void(const rtl::LoweringProgress&)>& progress = {});

}  // namespace hgq
