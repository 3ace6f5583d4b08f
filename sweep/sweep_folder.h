// The folder of a sweep, as a value: its runs, with what the axes set, how far each is, and what it has reached.
//
//   const sweep::SweepRecord record = sweep::read_sweep("sweeps/magic");
//   for (const sweep::RunRecord& run : record.runs)
//     std::printf("%s %s\n", run.name.c_str(), sweep::state_name(run.state).data());
//
// In the folder there are:
//
//     sweep.yaml               the file of the sweep, with absolute paths
//     runs/run_001/            a folder for each run, as of hgq-train:
//         config.yaml          the config, whole
//         values.yaml          what the axes set in it
//         train.log            what hgq-train has printed
//         exit_code            with which it has ended; without this file the run is not done
//     runs.csv                 a row for each run (sweep/table.h)
//
// Everything is read from the files of the runs, so it is the same whoever has run them, and however often that was
// interrupted. The file sweep.yaml is written last: a folder without it holds no sweep yet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/sweep/sweep_file.h"

namespace hgq::sweep {

enum class RunState : uint8_t {
  kWaiting,  // has not begun
  kStopped,  // has begun, is not done, and is not running
  kRunning,
  kDropped,  // halving has stopped it
  kDone,
  kFailed,
};
/// "waiting", "stopped", ...
std::string_view state_name(RunState state);

/// Damage of the files of a run, which has then failed; `message` says which.
enum class Damage : uint8_t {
  kNone,
  kRewritten,  // --resume writes the file again
  kLasting,    // somebody has to do something
};

/// The objectives of a run at an epoch; missing values have not been measured.
struct Standing {
  bool reached = false;  // the run has come so far, or has ended before
  std::vector<std::optional<double>> objectives;
  bool allowed = true;  // no constraint is broken, as far as is known
};

struct RunRecord {
  std::string name;  // "run_003"
  std::string folder;
  Settings values;  // what the axes set
  RunState state = RunState::kWaiting;
  int64_t epochs = 0;          // done
  int64_t planned_epochs = 0;  // train.epochs
  Standing last;               // at its last epoch
  std::vector<Standing> at_rungs;
  int64_t dropped_at = 0;  // the epoch of the rung; 0: not dropped
  double seconds = 0;      // of training, as history.csv has them
  std::string message;     // of a run that has failed
  Damage damage = Damage::kNone;
};

struct SweepRecord {
  std::string folder;
  std::vector<Objective> objectives;
  std::vector<Condition> constraints;
  std::optional<Halving> halving;
  std::vector<RunRecord> runs;  // by name
};

/// Throws FileError if the folder holds no sweep, ConfigError if sweep.yaml is damaged. A run whose files are damaged
/// has failed, and stops no other one.
SweepRecord read_sweep(const std::string& folder);

/// Reads the files of a run anew: state, epochs, values, message.
void refresh(const SweepRecord& sweep, RunRecord& run);

/// Paths in a sweep.
std::string sweep_yaml(const std::string& folder);
std::string run_folder(const std::string& folder, const std::string& name);
std::string run_name(int64_t number);
bool holds_sweep(const std::string& folder);

/// A run in a folder.
struct StoredRun {
  std::string name;
  Settings values;       // that the axes have set
  std::string damage{};  // of values.yaml, whose values are then not known
};
/// The runs in a folder, by their numbers.
std::vector<StoredRun> stored_runs(const std::string& folder);
std::string values_text(const Settings& values);

/// Records that a run has ended.
void write_exit_code(const std::string& run_folder, int code);
/// Forgets that it has.
void remove_exit_code(const std::string& run_folder);

}  // namespace hgq::sweep
