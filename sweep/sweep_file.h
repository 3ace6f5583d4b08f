// The file of a sweep: which runs it has, what they are compared by, and how they are run.
//
//   base: magic.yaml                    # a config; its path starts from the folder of this file
//   set: {train.epochs: 50}             # the same in every run
//   axes:                               # sweep/axis.h
//     model.beta: {from: 1.0e-6, to: 1.0e-4, steps: 5, scale: log}
//     model.layers.h.units: [16, 32]
//   objectives: {maximize: val_accuracy, minimize: bops}
//   constraints: ["bops < 20000"]
//   halving: {first: 10, factor: 3}
//
// What it needs to know about configs comes from the program, as functions (ConfigTools): this folder does not know
// which keys a config has.
//
//   ErrorList errors;
//   const sweep::SweepFile file = sweep::read_sweep_file("sweep.yaml", tools, errors);
//   errors.throw_if_any();
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hgq/callbacks/callback.h"
#include "hgq/callbacks/condition.h"
#include "hgq/sweep/axis.h"

namespace hgq::sweep {

/// What two runs are compared by: a column of history.csv.
struct Objective {
  std::string name;
  bool maximize = false;
  std::string place{};  // in the file of the sweep
};

/// Successive halving: at each rung only the better part of the runs goes on.
struct Halving {
  std::vector<int64_t> rungs;  // epochs, rising
  double keep = 0;             // the part that goes on, in (0, 1)
  std::string place{};         // of the first rung, in the file of the sweep
};

struct SweepFile {
  std::string path;
  std::string base;  // absolute
  uint64_t seed = 0;
  Settings set;
  std::vector<Axis> axes;
  std::vector<Objective> objectives;
  std::vector<Condition> constraints;
  std::vector<std::string> constraint_places;
  std::optional<Halving> halving;
  /// Options of the batch systems, as they are written in a job script.
  std::vector<std::pair<std::string, std::string>> slurm, htcondor;
  /// The file with absolute paths, which gives the same sweep from any folder.
  Node resolved;
};

/// The config of a run, read and without errors in its text.
struct CheckedConfig {
  Node resolved;
  /// Makes everything that the run needs, as `hgq-train check` does.
  std::function<void(ErrorList& errors, std::vector<std::string>& warnings)> try_out;
};

/// What the program knows about configs.
struct ConfigTools {
  /// A value for `key` with absolute paths of data files, which start from `folder`.
  std::function<Node(const std::string& key, const Node& value, const std::string& folder)> with_absolute_paths;
  /// Sets a value of a config.
  std::function<void(Node& config, const Setting& setting, ErrorList& errors)> set;
  /// Reads a config, whose paths start from `folder`, for a run that measures `watched`.
  std::function<CheckedConfig(const Node& config, const std::string& folder, std::span<const WatchedMetric> watched,
                              ErrorList& errors)>
      check;
  /// The keys in which two resolved configs differ.
  std::function<std::vector<std::string>(const Node& a, const Node& b)> differing_keys;
};

/// Reads the file. The result may be used only if `errors` is empty.
SweepFile read_sweep_file(const std::string& path, const ConfigTools& tools, ErrorList& errors);

/// Objectives and names in constraints.
std::vector<WatchedMetric> watched_metrics(const SweepFile& file);

/// The keys of the file, for its documentation.
std::vector<KeyDoc> sweep_file_docs();

}  // namespace hgq::sweep
