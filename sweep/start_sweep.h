// Makes the folder of a sweep, or compares it with the file of the sweep and adds runs.
//
//   const sweep::StartedSweep started = sweep::start_sweep(file, tools, {.folder = "sweeps/magic", .resume = true});
//
// Before anything is written, the config of every run is read and tried out as `hgq-train check` does it. Runs are
// known by the values of their axes: a run that is there already keeps its name, and new ones get the next numbers. The
// runs of a sweep that has begun cannot be changed or taken away; that is an error, which names them.
#pragma once

#include <string>
#include <vector>

#include "hgq/sweep/expansion.h"
#include "hgq/sweep/sweep_folder.h"

namespace hgq::sweep {

struct StartOptions {
  std::string folder;
  bool resume = false;
  bool dry = false;  // write nothing
};

struct StartedSweep {
  SweepRecord sweep;
  size_t added = 0;                   // runs that were not there before
  std::vector<std::string> warnings;  // about configs
};

/// Throws ConfigError with all errors of all configs, and if the folder holds another sweep.
StartedSweep start_sweep(const SweepFile& file, const ConfigTools& tools, const StartOptions& options);

}  // namespace hgq::sweep
