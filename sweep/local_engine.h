// Runs a sweep on this machine: several runs of hgq-train at a time, each a process of its own.
//
//   sweep::SweepRecord record = sweep::read_sweep("sweeps/magic");
//   const sweep::SweepEnd end = sweep::run_locally(record, {.program = "hgq-train", .jobs = 4, .threads = 2});
//
// Every run is called with --resume, so what was interrupted goes on where it was, whoever was killed: a run, the
// sweep, or the machine. Runs that go on beside a sweep that was killed are waited for: the lock of their folder tells,
// and makes sure that no run is there twice. A run that a signal has ended, such as that of a machine short of memory,
// is begun again, until it has been ended a few times without having come further. A run that fails does not stop the
// others. runs.csv is written anew each time that a run ends.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "hgq/sweep/sweep_folder.h"

namespace hgq::sweep {

struct LocalOptions {
  std::string program;  // hgq-train
  int jobs = 1;         // runs at a time
  int threads = 1;      // of each
  /// If it becomes true, the runs are told to write their checkpoints and to end.
  const std::atomic<bool>* stop = nullptr;
  /// Called with a line about each run that has ended.
  std::function<void(const std::string& line)> say;
  /// Called several times a second with the runs that are going, as indices.
  std::function<void(const SweepRecord& sweep, const std::vector<size_t>& running)> show;
};

enum class SweepEnd : uint8_t { kDone, kInterrupted };

/// Trains what is not done, and keeps `sweep` up to date.
SweepEnd run_locally(SweepRecord& sweep, const LocalOptions& options);

/// Runs that have failed without a summary.json, as on a full disk, or whose results are damaged, are to be tried
/// again.
void forget_failures(SweepRecord& sweep);

/// Writes runs.csv.
void write_runs_csv(const SweepRecord& sweep);

}  // namespace hgq::sweep
