// Successive halving: all runs are trained to the first rung, the better part of them to the second, and so on; the
// last ones are trained to their end.
//
// At a rung, runs are compared by the front of their objectives, not by one number: first those that no other run beats
// in all objectives, then those that only these beat, and so on (non-dominated sorting). Of the front through which the
// cut goes, the runs that lie farthest from their neighbours go on (crowding distance, as in NSGA-II), so that the
// whole width of the front is kept. Runs that break a constraint come after all others.
//
// The halving is synchronous: a rung is decided when every run has come to it or has ended. So the decisions follow
// from the histories alone, and a sweep gives the same runs for any number of processes and however often it was
// killed. ASHA, which decides as soon as some runs have come to a rung, keeps slow machines busier, but which runs it
// keeps depends on which ones happened to be quick.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hgq/sweep/sweep_folder.h"

namespace hgq::sweep {

/// The runs in the order of how good they are, as indices.
std::vector<size_t> ranked(std::span<const Standing> runs, std::span<const Objective> objectives);

/// For each run the front in which it is, from 0: those of front 0 are beaten by none.
std::vector<int> front_numbers(std::span<const Standing> runs, std::span<const Objective> objectives);

/// What is to be trained next.
struct NextRuns {
  std::vector<size_t> runs;  // of SweepRecord::runs
  int64_t until = 0;         // the epoch of a rung; 0: to the end
};

/// The runs that are not done, to the next rung; none if the sweep is done. Runs that have failed are left as they are.
NextRuns next_runs(const SweepRecord& sweep);

/// Sets the state of runs that a rung has stopped.
void mark_dropped(SweepRecord& sweep);

}  // namespace hgq::sweep
