#include "hgq/sweep/batch.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <filesystem>

#include "hgq/core/error.h"
#include "hgq/core/system_file.h"
#include "hgq/data/atomic_file.h"
#include "hgq/deploy/child_process.h"
#include "hgq/sweep/halving.h"

namespace hgq::sweep {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTaskScript = "run_task.sh";
constexpr size_t kMostOutput = size_t{1} << 16U;

constexpr std::string_view kByStates = "leave it out: the tasks are the runs that are not done, and --jobs limits them";
constexpr std::string_view kByThreads = "leave it out, and give --threads";
constexpr std::string_view kByFolder = "leave it out: the job has the name of the folder of the sweep, --out";
constexpr std::string_view kByLog = "leave it out: train.log in the folder of a run has what it prints";
constexpr std::string_view kByScript = "leave it out: each task calls run_task.sh in the folder of the sweep";
constexpr std::string_view kByCheckpoint =
    "leave it out: runs write their checkpoints at SIGTERM, a minute before their end, and go on in another task";

constexpr std::array kSlurmReserved{
    ReservedOption{"job-name", kByFolder},       ReservedOption{"array", kByStates},
    ReservedOption{"cpus-per-task", kByThreads}, ReservedOption{"output", kByLog},
    ReservedOption{"requeue", kByCheckpoint},    ReservedOption{"no-requeue", kByCheckpoint},
    ReservedOption{"signal", kByCheckpoint},
};
constexpr std::array kCondorReserved{
    ReservedOption{"universe", kByScript},
    ReservedOption{"executable", kByScript},
    ReservedOption{"arguments", kByScript},
    ReservedOption{"initialdir", kByScript},
    ReservedOption{"log", "leave it out: condor.log in the folder of the sweep is the log"},
    ReservedOption{"error", kByLog},
    ReservedOption{"batch_name", kByFolder},
    ReservedOption{"request_cpus", kByThreads},
    ReservedOption{"should_transfer_files", "leave it out: the folder lies on a file system that all machines share"},
    ReservedOption{"kill_sig", kByCheckpoint},
    ReservedOption{"job_max_vacate_time", kByCheckpoint},
    ReservedOption{"max_materialize", "leave it out, and give --jobs"},
    ReservedOption{"queue", kByStates},
};

std::string absolute(const std::string& folder) { return fs::absolute(folder).lexically_normal().string(); }

/// A word for the shell.
std::string shell_quoted(const std::string& word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

int64_t number_of(const RunRecord& run) { return std::stoll(run.name.substr(run.name.find('_') + 1)); }

std::vector<const RunRecord*> open_runs(const SweepRecord& sweep) {
  std::vector<const RunRecord*> runs;
  for (const size_t i : next_runs(sweep).runs) {
    const RunRecord& run = sweep.runs[i];
    if (run.state == RunState::kWaiting || run.state == RunState::kStopped) runs.push_back(&run);
  }
  return runs;
}

std::string job_name(const SweepRecord& sweep) {
  std::string name = fs::path(absolute(sweep.folder)).filename().string();
  for (char& c : name) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!is_plain) c = '_';
  }
  return "hgq-" + name;
}

/// What a program prints and its exit code.
std::pair<int, std::string> output_of(std::vector<std::string> words, const std::string& folder) {
  const std::string log = (fs::path(folder) / "submit.log").string();
  const int code =
      run_program(std::move(words), {.work = folder, .temporary = fs::temp_directory_path()}, log, nullptr);
  std::string text = read_file(log, kMostOutput);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return {code, text};
}

std::string number_file(const std::string& folder) { return (fs::path(folder) / "slurm_job").string(); }

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view sending_program(std::string_view engine) { return engine == "slurm" ? "sbatch" : "condor_submit"; }

}  // namespace

std::span<const ReservedOption> reserved_options(std::string_view section) {
  if (section == "slurm") return kSlurmReserved;
  return kCondorReserved;
}

const ReservedOption* find_reserved(std::string_view section, std::string_view key) {
  const std::span<const ReservedOption> all = reserved_options(section);
  const auto found = std::ranges::find(all, lower_case(key), &ReservedOption::key);
  return found == all.end() ? nullptr : &*found;
}

void check_is_installed(std::string_view engine) {
  HGQ_CHECK(is_installed(sending_program(engine)), ConfigError, "'", sending_program(engine),
            "' is not installed here; --dry-run shows the job, and --engine local makes the runs on this machine");
}

std::string task_list(const SweepRecord& sweep) {
  std::string list;
  int64_t first = 0, last = 0;
  const auto close = [&] {
    if (last == 0) return;
    list += concat(list.empty() ? "" : ",", first);
    if (last > first) list += concat("-", last);
  };
  for (const RunRecord* const run : open_runs(sweep)) {
    const int64_t number = number_of(*run);
    if (number == last + 1 && last > 0) {
      last = number;
      continue;
    }
    close();
    first = last = number;
  }
  close();
  return list;
}

BatchJob slurm_job(const SweepRecord& sweep, const BatchOptions& options, const BatchLines& lines) {
  const std::string folder = absolute(sweep.folder);
  const std::string limit = options.at_a_time > 0 ? concat("%", options.at_a_time) : "";
  std::string text = concat("#!/bin/bash\n#SBATCH --job-name=", job_name(sweep), "\n#SBATCH --array=", task_list(sweep),
                            limit, "\n#SBATCH --cpus-per-task=", options.threads,
                            "\n#SBATCH --output=/dev/null\n#SBATCH --requeue\n#SBATCH --signal=B:TERM@60\n");
  for (const auto& [key, value] : lines)
    text += value.empty() || value == "true" ? concat("#SBATCH --", key, "\n")
                                             : concat("#SBATCH --", key, "=", value, "\n");
  text +=
      concat("exec ", shell_quoted(folder + "/" + kTaskScript), " \"$(printf 'run_%03d' \"$SLURM_ARRAY_TASK_ID\")\"\n");
  return {.file_name = "slurm.sh", .text = text, .command = {"sbatch", "--parsable", folder + "/slurm.sh"}};
}

BatchJob htcondor_job(const SweepRecord& sweep, const BatchOptions& options, const BatchLines& lines) {
  const std::string folder = absolute(sweep.folder);
  std::string text = concat("universe = vanilla\nexecutable = ", folder, "/", kTaskScript,
                            "\narguments = $(run)\ninitialdir = ", folder,
                            "\nlog = condor.log\nerror = runs/$(run)/condor.err\nbatch_name = ", job_name(sweep),
                            "\nrequest_cpus = ", options.threads,
                            "\nshould_transfer_files = NO\nkill_sig = SIGTERM\njob_max_vacate_time = 60\n");
  if (options.at_a_time > 0) text += concat("max_materialize = ", options.at_a_time, "\n");
  for (const auto& [key, value] : lines) text += concat(key, " = ", value, "\n");
  text += "queue run from (\n";
  for (const RunRecord* const run : open_runs(sweep)) text += run->name + "\n";
  return {.file_name = "htcondor.sub", .text = text + ")\n", .command = {"condor_submit", folder + "/htcondor.sub"}};
}

std::string task_script(const SweepRecord& sweep, const BatchOptions& options) {
  const std::string begin = R"sh(#!/bin/sh
# Makes one run of the sweep in this folder, or continues it: run_task.sh run_003
here=$(cd "$(dirname "$0")" && pwd) || exit 2
run=$here/runs/$1
cd "$run" || exit 2
if [ -e exit_code ]; then exit 0; fi
)sh";
  const std::string end = R"sh(
child=$!
# The time is over: the run writes its checkpoint. It is told once, as a second signal would end it.
told=0
stop() { if [ $told = 0 ]; then told=1; kill -TERM $child; fi; }
trap stop TERM INT
wait $child
code=$?
while kill -0 $child 2>/dev/null; do
  wait $child
  code=$?
done
# If another task has the run, or a signal has ended it, it is not done.
if [ $code -eq 2 ] && tail -n 5 train.log | grep -q 'is in use by another program'; then exit 0; fi
# A run that has come to its rung is not done either.
if [ $code -eq 0 ] && [ $stop_after -gt 0 ] && [ ! -e summary.json ]; then exit 0; fi
if [ $code -lt 128 ]; then echo $code > exit_code.part && mv exit_code.part exit_code; fi
exit $code
)sh";
  const int64_t until = next_runs(sweep).until;
  return concat(begin, "stop_after=", until, "\n", shell_quoted(options.program),
                " \"$run/config.yaml\" --out \"$run\" --resume --quiet --threads ", options.threads,
                until > 0 ? concat(" --stop-after ", until) : "", " >> train.log 2>&1 &", end);
}

std::string submit(const SweepRecord& sweep, const BatchOptions& options, const BatchJob& job) {
  const std::string folder = absolute(sweep.folder);
  const std::string script = folder + "/" + kTaskScript;
  write_file_atomically(script, task_script(sweep, options));
  if (chmod(script.c_str(), 0755) != 0) throw_system_error(concat(script, ": cannot be made executable"), errno);
  write_file_atomically(folder + "/" + job.file_name, job.text);
  const auto [code, text] = output_of(job.command, folder);
  HGQ_CHECK(code == 0, RunError, job.command.front(), " refuses ", folder, "/", job.file_name, ": ", text);
  if (job.command.front() == "sbatch")
    write_file_atomically(number_file(folder), text.substr(0, text.find(';')) + "\n");
  return text;
}

std::string queued_slurm_job(const std::string& folder) {
  if (!fs::exists(number_file(folder)) || !is_installed("squeue")) return "";
  std::string number = read_file(number_file(folder), kMostOutput);
  number = number.substr(0, number.find('\n'));
  const auto [code, text] = output_of({"squeue", "--noheader", "--jobs", number}, absolute(folder));
  return code == 0 && !text.empty() ? number : "";
}

}  // namespace hgq::sweep
