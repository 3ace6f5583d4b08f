// What hgq-train has printed in a run of a sweep: train.log in its folder.
#pragma once

#include <string>

namespace hgq::sweep {

/// Why a run has failed that ended with this exit code (128 and more: by a signal), in one line. Paths in the folder of
/// the run begin there, so that the line is the same wherever the sweep lies.
std::string why_failed(const std::string& run_folder, int code);

/// Whether the run ended because another program had its folder.
bool was_in_use(const std::string& run_folder);

}  // namespace hgq::sweep
