// Whether the files of a run that is done are whole, without loading its models: a file that was cut off or changed is
// told by the state of the run, and not only when somebody reads it.
//
//   const std::string damage = sweep::damaged_result("sweeps/magic/runs/run_001");
//   if (!damage.empty()) std::puts(damage.c_str());
#pragma once

#include <string>

namespace hgq::sweep {

/// What is wrong with summary.json, model.h5 or pareto/pareto.csv, with the path; empty if they are whole. The end of a
/// run writes these files, so `hgq-train CONFIG --resume` writes them again. Those that are not there are passed over.
std::string damaged_result(const std::string& run_folder);

}  // namespace hgq::sweep
