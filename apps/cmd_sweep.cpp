// hgq-train sweep: many runs of one config.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "hgq/apps/commands.h"
#include "hgq/apps/interruption.h"
#include "hgq/apps/sweep_tools.h"
#include "hgq/apps/write_report.h"
#include "hgq/core/error.h"
#include "hgq/core/parallel.h"
#include "hgq/core/printable.h"
#include "hgq/core/shell_word.h"
#include "hgq/core/system_file.h"
#include "hgq/data/atomic_file.h"
#include "hgq/data/folder_lock.h"
#include "hgq/sweep/batch.h"
#include "hgq/sweep/halving.h"
#include "hgq/sweep/live_table.h"
#include "hgq/sweep/local_engine.h"
#include "hgq/sweep/start_sweep.h"
#include "hgq/sweep/table.h"

namespace hgq {
namespace {

namespace fs = std::filesystem;
using sweep::RunState;
using sweep::SweepRecord;

void note(const std::string& text) { std::cerr << "hgq-train: " << bounded_message(text) << "\n"; }

/// The folder that is given; otherwise, for the sweep.yaml of a sweep, its folder; otherwise runs/NAME.
std::string chosen_folder(const SweepCommand& command) {
  if (!command.out.empty()) return command.out;
  const fs::path file(command.file);
  const fs::path beside = file.has_parent_path() ? file.parent_path() : fs::path(".");
  if (file.filename() == "sweep.yaml" && fs::is_directory(beside / "runs")) return beside.string();
  return (fs::path("runs") / file.stem()).string();
}

int64_t count(const SweepRecord& record, RunState state) {
  return std::ranges::count(record.runs, state, &sweep::RunRecord::state);
}

int exit_code_of(const SweepRecord& record) { return count(record, RunState::kFailed) > 0 ? kExitFailed : kExitDone; }

void print(const SweepCommand& command, const SweepRecord& record) {
  if (command.json) {
    std::cout << sweep::runs_json(record).dump(1) << "\n";
  } else {
    std::cout << sweep::runs_text(record);
  }
}

/// The table has no room for what is wrong with a run, and what to do.
void tell_damage(const SweepRecord& record) {
  for (const sweep::RunRecord& run : record.runs) {
    if (run.damage != sweep::Damage::kNone) note(concat(run.name, ": ", printable_text(run.message)));
  }
}

class Sweep {
 public:
  Sweep(const SweepCommand& command, const Registry& registry)
      : command_(command), registry_(registry), folder_(chosen_folder(command)) {}

  int execute() {
    if (command_.gather) return gather();
    read();
    check_folder();
    if (!command_.dry_run && command_.engine != "local") sweep::check_is_installed(command_.engine);
    if (!command_.dry_run) lock();
    start();
    if (command_.engine != "local") return send();
    if (command_.dry_run) {
      print(command_, record_);
      return kExitDone;
    }
    return run_here();
  }

 private:
  int gather() const {
    const SweepRecord record = sweep::read_sweep(folder_);
    sweep::write_runs_csv(record);
    print(command_, record);
    tell_damage(record);
    note(concat(folder_, "/runs.csv, report.html: ", sweep::counts_text(record)));
    return with_sweep_report(exit_code_of(record), folder_);
  }

  void read() {
    ErrorList errors;
    file_ = sweep::read_sweep_file(command_.file, tools_, errors);
    errors.throw_if_any();
  }

  void check_folder() const {
    HGQ_CHECK(!fs::exists(folder_) || fs::is_directory(folder_), ConfigError, "'", folder_, "' is not a folder");
    HGQ_CHECK(command_.resume || command_.dry_run || !sweep::holds_sweep(folder_), ConfigError, "the folder '", folder_,
              "' contains a sweep already; continue it with --resume, or give another --out");
    HGQ_CHECK(!command_.resume || fs::exists(folder_), ConfigError, "the folder '", folder_,
              "' does not exist; --resume continues a sweep that has begun: give its folder with --out, or leave out "
              "--resume to begin a new one");
    HGQ_CHECK(!fs::exists(fs::path(folder_) / "checkpoint.h5") && !fs::exists(fs::path(folder_) / "history.csv"),
              ConfigError, "the folder '", folder_, "' contains a run; give another --out");
    if (command_.resume && !sweep::holds_sweep(folder_))
      note(concat("there is no sweep in '", folder_, "' yet; starting anew"));
  }

  void lock() {
    make_folder(folder_);
    lock_.emplace(folder_);
    if (!lock_->is_held())
      note(concat("warning: the file system of '", folder_,
                  "' has no locks; no other program may work in this folder until this one ends"));
  }

  void start() {
    if (!command_.dry_run) remove_left_overs(folder_);
    const bool goes_on = sweep::holds_sweep(folder_);
    sweep::StartedSweep started =
        sweep::start_sweep(file_, tools_, {.folder = folder_, .resume = command_.resume, .dry = command_.dry_run});
    for (const std::string& warning : started.warnings) note("warning: " + warning);
    record_ = std::move(started.sweep);
    if (goes_on && started.added > 0) note(concat("runs that the file adds: ", started.added));
    if (command_.resume) sweep::forget_failures(record_);
  }

  /// Gives the runs to a batch system, and does not wait for them.
  int send() const {
    const bool is_slurm = command_.engine == "slurm";
    const sweep::BatchOptions options{.program = fs::read_symlink("/proc/self/exe").string(),
                                      .threads = std::max(1, command_.threads),
                                      .at_a_time = command_.jobs};
    const sweep::BatchJob job = is_slurm ? sweep::slurm_job(record_, options, file_.slurm)
                                         : sweep::htcondor_job(record_, options, file_.htcondor);
    if (command_.dry_run) {
      print(command_, record_);
      if (!command_.json) std::cout << "\n" << job.file_name << ":\n" << job.text;
      return kExitDone;
    }
    sweep::write_runs_csv(record_);
    const std::string gather =
        concat("hgq-train sweep ", shell_word(command_.file), " --out ", shell_word(folder_), " --gather");
    if (sweep::task_list(record_).empty()) {
      note(concat("no run is left to do: ", sweep::counts_text(record_)));
      return exit_code_of(record_);
    }
    const std::string queued = is_slurm ? sweep::queued_slurm_job(folder_) : "";
    HGQ_CHECK(queued.empty(), ConfigError, "job ", queued,
              " of this sweep is still in the queue; wait for it, or end it with scancel ", queued);
    const std::string answer = sweep::submit(record_, options, job);
    const sweep::NextRuns next = sweep::next_runs(record_);
    if (next.until > 0) {
      note(concat(job.command.front(), ": ", answer, "; ", next.runs.size(), " runs to epoch ", next.until,
                  "; when they are there, --resume sends those that go on"));
    } else {
      note(concat(job.command.front(), ": ", answer, "; when the runs are done, make the table with: ", gather));
    }
    return kExitDone;
  }

  int run_here() {
    const int cores = default_threads();
    const auto open = static_cast<int>(std::clamp<size_t>(record_.runs.size(), 1, 4096));
    const int jobs = command_.jobs > 0      ? command_.jobs
                     : command_.threads > 0 ? std::max(1, cores / command_.threads)
                                            : std::min(cores, open);
    const int threads = command_.threads > 0 ? command_.threads : std::max(1, cores / jobs);
    note(concat(folder_, ": ", record_.runs.size(), " runs, ", jobs, " at a time with ", threads,
                threads == 1 ? " thread" : " threads"));
    sweep::LiveTable table(stderr);
    const bool is_terminal = isatty(STDERR_FILENO) == 1;
    const GracefulStop stop;
    sweep::LocalOptions options{.program = "/proc/self/exe",
                                .jobs = jobs,
                                .threads = threads,
                                .stop = &stop.requested(),
                                .say = {},
                                .show = {}};
    options.program = fs::read_symlink("/proc/self/exe").string();
    options.say = [&](const std::string& line) {
      table.clear();
      if (!command_.quiet || stop.requested()) note(line);
    };
    if (is_terminal && !command_.quiet)
      options.show = [&](const SweepRecord& record, const std::vector<size_t>& running) {
        table.show(record, running);
      };
    const sweep::SweepEnd end = sweep::run_locally(record_, options);
    table.clear();
    if (end == sweep::SweepEnd::kInterrupted) {
      note(concat("interrupted: ", sweep::counts_text(record_), "; continue with: hgq-train sweep ",
                  shell_word(command_.file), " --out ", shell_word(folder_), " --resume"));
      return kExitInterrupted;
    }
    print(command_, record_);
    tell_damage(record_);
    note(concat(folder_, "/runs.csv, report.html: ", sweep::counts_text(record_)));
    if (count(record_, RunState::kFailed) > 0)
      note(
          concat("error: some runs have failed (see train.log in their folders); --resume tries those again that have "
                 "no summary.json"));
    return with_sweep_report(exit_code_of(record_), folder_);
  }

  const SweepCommand& command_;
  const Registry& registry_;
  const sweep::ConfigTools tools_ = sweep_tools(registry_);
  std::string folder_;
  sweep::SweepFile file_;
  std::optional<FolderLock> lock_;
  SweepRecord record_;
};

}  // namespace

int run_sweep(const SweepCommand& command, const Registry& registry) { return Sweep(command, registry).execute(); }

}  // namespace hgq
