// Several runs, or a sweep, as one value: what differs between them, their histories, and all of their saved models
// with what is known of each. For pages about many runs (report/comparison_report.h), and for programs.
//
//   const report::Comparison comparison = report::read_comparison({"sweeps/magic"});
//   for (const report::ComparedModel& model : comparison.models)
//     std::printf("%s %s %g\n", comparison.runs[model.run].name.c_str(), model.file.c_str(),
//                 model.value("val_accuracy").value_or(0));
//
// Only texts are read, no models and no data, so it takes milliseconds. Numbers of a model are those of
// candidates.json, where `hgq-train front` has measured it; otherwise those of pareto/pareto.csv, and of summary.json
// for the final one.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hgq/callbacks/history.h"
#include "hgq/report/run_files.h"

namespace hgq::report {

/// A saved model of a run.
struct ComparedModel {
  size_t run = 0;
  std::string file;  // in the folder of the run
  int epoch = 0;
  NamedNumbers values;  // as Candidate::values(), and "bops" of the training
  bool is_measured = false;
  bool is_usable = true;  // false: it has no proxy, or a wrong one
  std::string message{};  // what is wrong with it

  std::optional<double> value(const std::string& name) const;
  /// Exact BOPs, or those of the training where they have not been counted.
  std::optional<double> bops() const;
};

struct ComparedRun {
  std::string name;  // of its folder, or the whole path where two have one name
  std::string folder;
  std::string state;    // "done", "running", "stopped", "waiting"; of a sweep also "dropped" and "failed"; "unreadable"
  std::string message;  // of a run that has failed or cannot be read
  bool is_damaged = false;            // a file of it is damaged or gone; `message` and Comparison::warnings tell which
  std::vector<std::string> settings;  // the values of Comparison::keys
  History history;
  std::optional<RunSummary> summary;
  std::string config_text;
  int epochs() const { return history.size() > 0 ? history.epoch(history.size() - 1) : 0; }
};

struct Comparison {
  std::string name;  // of the folder, or "3 runs"
  bool is_sweep = false;
  std::string sweep_text;                                // sweep.yaml
  std::vector<std::pair<std::string, bool>> objectives;  // of a sweep: column, and whether more is better
  /// What the axes set; of runs, the paths of config.yaml whose values differ.
  std::vector<std::string> keys;
  std::vector<ComparedRun> runs;
  std::vector<ComparedModel> models;
  std::vector<std::string> warnings;  // sentences: data that differ, runs that cannot be read
};

/// The folders of runs in what a user names: a run, or a folder of runs, such as that of a sweep (FOLDER/runs) or
/// `runs`; by name, each once. Throws FileError if one of them holds no run.
std::vector<std::string> run_folders(const std::vector<std::string>& given);

/// A sentence for each part of data and losses in which these runs differ, as their numbers then cannot be compared. A
/// run without a config that can be read differs in none.
std::vector<std::string> data_warnings(const std::vector<std::string>& run_folders);

/// Runs, folders of runs, or one sweep. A run whose files are damaged is told in `warnings`. Throws FileError if a
/// folder is missing or holds no run, ConfigError if sweep.yaml is damaged.
Comparison read_comparison(const std::vector<std::string>& folders);

/// The saved models of the run `number` in this folder, whose summary.json, if there is one, has been read.
std::vector<ComparedModel> read_compared_models(const std::string& folder, size_t number,
                                                const std::optional<RunSummary>& summary);

}  // namespace hgq::report
