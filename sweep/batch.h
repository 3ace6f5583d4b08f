// Sweeps in batch systems: the job of Slurm or HTCondor that makes the runs of a sweep, in the same folders.
//
//   const sweep::BatchJob job = sweep::slurm_job(record, {.threads = 2, .at_a_time = 10}, {{"partition", "short"}});
//   std::puts(job.text.c_str());
//
// Every task calls the script run_task.sh in the folder of the sweep with the name of a run. It continues the run where
// it was, so a task that is put into the queue again goes on; SIGTERM, which batch systems send before the end of the
// time, makes it write its checkpoint. The table is made of the folders, with `hgq-train sweep ... --gather`. With
// halving a job takes the runs to the next rung, and the next job goes on with those that are left.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hgq/sweep/sweep_folder.h"

namespace hgq::sweep {

struct BatchOptions {
  std::string program;  // hgq-train, where the tasks run
  int threads = 1;      // of each run
  int at_a_time = 0;    // runs; 0: as many as the system allows
};

struct BatchJob {
  std::string file_name;             // in the folder of the sweep
  std::string text;                  // its content
  std::vector<std::string> command;  // that sends it
};

using BatchLines = std::vector<std::pair<std::string, std::string>>;

/// An option of a batch system that hgq sets itself, so that files of sweeps cannot.
struct ReservedOption {
  std::string_view key;
  std::string_view what_to_do;
};
/// Those of the section `slurm` or `htcondor`.
std::span<const ReservedOption> reserved_options(std::string_view section);
/// The one with this name; nullptr if there is none. HTCondor takes names in any case.
const ReservedOption* find_reserved(std::string_view section, std::string_view key);

/// Throws ConfigError if the program that sends jobs to this batch system ("slurm", "htcondor") is not installed.
void check_is_installed(std::string_view engine);

/// The runs that are not done and, with halving, have not come to the next rung, as numbers of their names: "1-3,7".
std::string task_list(const SweepRecord& sweep);

/// A job array; `lines` are options of sbatch.
BatchJob slurm_job(const SweepRecord& sweep, const BatchOptions& options, const BatchLines& lines);
/// A submit description; `lines` stand in it.
BatchJob htcondor_job(const SweepRecord& sweep, const BatchOptions& options, const BatchLines& lines);

/// The script run_task.sh, which makes one run, or takes it to the next rung.
std::string task_script(const SweepRecord& sweep, const BatchOptions& options);

/// Writes the script and the job, sends it, and returns what the system has answered: the number of the job. Throws
/// RunError if it is refused. The program that sends it must be there: check_is_installed().
std::string submit(const SweepRecord& sweep, const BatchOptions& options, const BatchJob& job);

/// The job of the sweep that is still in the queue of Slurm; empty if there is none, or if Slurm does not tell.
std::string queued_slurm_job(const std::string& folder);

}  // namespace hgq::sweep
