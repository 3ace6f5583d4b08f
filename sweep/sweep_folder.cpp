#include "hgq/sweep/sweep_folder.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>

#include "hgq/callbacks/history.h"
#include "hgq/core/error.h"
#include "hgq/core/system_file.h"
#include "hgq/data/atomic_file.h"
#include "hgq/data/folder_lock.h"
#include "hgq/sweep/halving.h"
#include "hgq/sweep/run_check.h"
#include "hgq/sweep/run_log.h"

namespace hgq::sweep {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostHistory = size_t{1} << 30U;
constexpr std::string_view kRunPrefix = "run_";
constexpr int64_t kAtTheEnd = std::numeric_limits<int64_t>::max();

std::string in(const std::string& folder, const char* name) { return (fs::path(folder) / name).string(); }

History read_history(const std::string& folder) {
  const std::string path = in(folder, "history.csv");
  if (!fs::exists(path)) return {};
  try {
    return History::from_file(read_file(path, kMostHistory));
  } catch (const FileError& e) {
    throw FileError(concat(path, ": ", e.what()));
  }
}

/// The value of a column at an epoch: the last one that was measured until then.
std::optional<double> value_at(const History& history, const std::string& column, int64_t epoch) {
  for (size_t row = history.size(); row-- > 0;) {
    if (history.epoch(row) > epoch) continue;
    if (const std::optional<double> value = history.find(row, column)) return value;
  }
  return std::nullopt;
}

Standing standing_at(const SweepRecord& sweep, const History& history, int64_t epoch) {
  Standing standing;
  for (const Objective& objective : sweep.objectives)
    standing.objectives.push_back(value_at(history, objective.name, epoch));
  for (const Condition& constraint : sweep.constraints) {
    std::vector<WatchedMetric> names;
    constraint.add_watched(names, "", true);
    Metrics values;
    for (const WatchedMetric& metric : names) {
      if (const std::optional<double> value = value_at(history, metric.name, epoch)) values.set(metric.name, *value);
    }
    if (!constraint.holds(values).value_or(true)) standing.allowed = false;
  }
  return standing;
}

std::optional<int> read_exit_code(const std::string& folder) {
  const std::string path = in(folder, "exit_code");
  if (!fs::exists(path)) return std::nullopt;
  const std::string text = read_file(path, 64);
  int code = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  HGQ_CHECK(error == std::errc() && *end == '\n', FileError, path, ": found '", printable(text),
            "', expected a number");
  return code;
}

Node read_map(const std::string& path, const char* expected) {
  ErrorList errors;
  Node tree = Node::from_yaml_file(path, errors);
  errors.throw_if_any();
  HGQ_CHECK(tree.is_map(), FileError, path, ": is damaged: found ", describe(tree), ", expected ", expected);
  return tree;
}

/// run_2 before run_10.
int64_t number_of(const std::string& name) {
  int64_t number = -1;
  if (!name.starts_with(kRunPrefix)) return number;
  const char* const end = name.data() + name.size();
  const auto [at, error] = std::from_chars(name.data() + kRunPrefix.size(), end, number);
  return error == std::errc() && at == end ? number : -1;
}

}  // namespace

std::string_view state_name(RunState state) {
  switch (state) {
    case RunState::kWaiting:
      return "waiting";
    case RunState::kStopped:
      return "stopped";
    case RunState::kRunning:
      return "running";
    case RunState::kDropped:
      return "dropped";
    case RunState::kDone:
      return "done";
    case RunState::kFailed:
      return "failed";
  }
  return "";
}

std::string sweep_yaml(const std::string& folder) { return in(folder, "sweep.yaml"); }

bool holds_sweep(const std::string& folder) { return fs::is_regular_file(sweep_yaml(folder)); }

std::string run_folder(const std::string& folder, const std::string& name) {
  return (fs::path(folder) / "runs" / name).string();
}

std::string run_name(int64_t number) {
  constexpr size_t kDigits = 3;
  const std::string digits = std::to_string(number);
  return std::string(kRunPrefix) + std::string(kDigits - std::min(kDigits, digits.size()), '0') + digits;
}

std::string values_text(const Settings& values) {
  Node map = Node::map({});
  for (const Setting& setting : values) map.set(setting.key, setting.value);
  return map.to_yaml();
}

std::vector<StoredRun> stored_runs(const std::string& folder) {
  std::vector<StoredRun> runs;
  std::error_code missing;
  for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(folder) / "runs", missing)) {
    const fs::path values = entry.path() / "values.yaml";
    if (number_of(entry.path().filename().string()) < 0 || !fs::exists(values)) continue;
    StoredRun& run = runs.emplace_back(StoredRun{.name = entry.path().filename().string(), .values = {}});
    try {
      const Node map = read_map(values.string(), "a map {KEY.PATH: VALUE}");
      for (const auto& [key, value] : map.entries()) run.values.push_back({key, value});
    } catch (const RunError&) {  // the disk failed, which says nothing about the run
      throw;
    } catch (const Error& e) {
      run.damage = concat(e.what(), "; --resume writes the file again");
    }
  }
  std::ranges::sort(runs, {}, [](const StoredRun& run) { return number_of(run.name); });
  return runs;
}

namespace {

bool has_content(const std::string& path) {
  std::error_code missing;
  const auto size = fs::file_size(path, missing);
  return !missing && size > 0;
}

/// Throws FileError if a file of the run is damaged.
void refresh_from_files(const SweepRecord& sweep, RunRecord& run) {
  const History history = read_history(run.folder);
  const std::optional<int> code = read_exit_code(run.folder);
  // Where someone has removed files of a run that was done, it is continued, which writes them again.
  const bool has_files = has_content(in(run.folder, "model.h5")) && has_content(in(run.folder, "summary.json"));
  const bool has_ended = code.has_value() && (*code != 0 || has_files);
  // hgq-train writes it with each epoch, and cannot write its rows again.
  HGQ_CHECK(!has_ended || *code != 0 || history.size() > 0, FileError, in(run.folder, "history.csv"),
            ": is gone or empty, although the run is done");
  run.epochs = history.size() > 0 ? history.epoch(history.size() - 1) : 0;
  run.seconds = 0;
  for (size_t row = 0; row < history.size(); ++row) run.seconds += history.find(row, "seconds").value_or(0);
  run.message.clear();
  run.damage = Damage::kNone;
  run.dropped_at = 0;
  if (has_ended) {
    run.state = *code == 0 ? RunState::kDone : RunState::kFailed;
    if (*code != 0) run.message = why_failed(run.folder, *code);
    if (const std::string damage = *code == 0 ? damaged_result(run.folder) : ""; !damage.empty()) {
      run.state = RunState::kFailed;
      run.damage = Damage::kRewritten;
      run.message = concat(damage, "; --resume writes the file again");
    }
  } else if (FolderLock::is_taken(run.folder)) {
    run.state = RunState::kRunning;
  } else {
    run.state = run.epochs > 0 || fs::exists(in(run.folder, "checkpoint.h5")) ? RunState::kStopped : RunState::kWaiting;
  }
  run.last = standing_at(sweep, history, kAtTheEnd);
  run.last.reached = has_ended;
  run.at_rungs.clear();
  if (!sweep.halving) return;
  for (const int64_t rung : sweep.halving->rungs) {
    run.at_rungs.push_back(standing_at(sweep, history, rung));
    run.at_rungs.back().reached = has_ended || run.epochs >= rung;
  }
}

/// A run whose files are damaged has failed, and does not stop the others.
void mark_damaged(const SweepRecord& sweep, RunRecord& run, const std::string& what) {
  run.state = RunState::kFailed;
  run.damage = Damage::kLasting;
  run.message = what;
  run.epochs = run.dropped_at = 0;
  run.seconds = 0;
  run.last = standing_at(sweep, History(), kAtTheEnd);
  run.at_rungs.clear();
  if (!sweep.halving) return;
  run.at_rungs.assign(sweep.halving->rungs.size(), run.last);
  for (Standing& standing : run.at_rungs) standing.reached = true;  // so that others need not wait for it
}

std::string with_remedy(const RunRecord& run, const std::string& what) {
  return concat(what, "; remove the folder '", run.folder, "' to make this run anew");
}

}  // namespace

void refresh(const SweepRecord& sweep, RunRecord& run) {
  try {
    refresh_from_files(sweep, run);
  } catch (const FileError& e) {
    mark_damaged(sweep, run, with_remedy(run, e.what()));
  }
}

SweepRecord read_sweep(const std::string& folder) {
  HGQ_CHECK(fs::is_directory(folder), FileError, "'", printable(folder),
            "': there is no such folder; expected that of a sweep");
  HGQ_CHECK(holds_sweep(folder), FileError, "'", printable(folder), "' holds no sweep: sweep.yaml is not in it");
  ErrorList errors;
  SweepFile file = read_sweep_file(sweep_yaml(folder), {}, errors);
  errors.throw_if_any();
  SweepRecord sweep{.folder = folder,
                    .objectives = std::move(file.objectives),
                    .constraints = std::move(file.constraints),
                    .halving = std::move(file.halving),
                    .runs = {}};
  for (StoredRun& stored : stored_runs(folder)) {
    RunRecord run;
    run.name = stored.name;
    run.folder = run_folder(folder, run.name);
    run.values = std::move(stored.values);
    try {
      const Node config = read_map(in(run.folder, "config.yaml"), "the config of the run");
      run.planned_epochs = decimal_integer(config["train"]["epochs"]).value_or(1);
      refresh(sweep, run);
      if (!stored.damage.empty()) mark_damaged(sweep, run, stored.damage);
    } catch (const RunError&) {  // the disk failed, which says nothing about the run
      throw;
    } catch (const Error& e) {
      mark_damaged(sweep, run, with_remedy(run, e.what()));
    }
    sweep.runs.push_back(std::move(run));
  }
  mark_dropped(sweep);
  return sweep;
}

void write_exit_code(const std::string& run_folder, int code) {
  write_file_atomically(in(run_folder, "exit_code"), std::to_string(code) + "\n");
}

void remove_exit_code(const std::string& run_folder) { remove_file(in(run_folder, "exit_code")); }

}  // namespace hgq::sweep
