#include "hgq/sweep/local_engine.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <deque>
#include <filesystem>
#include <map>
#include <thread>

#include "hgq/callbacks/progress_line.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/data/atomic_file.h"
#include "hgq/data/folder_lock.h"
#include "hgq/deploy/child_process.h"
#include "hgq/sweep/halving.h"
#include "hgq/sweep/run_log.h"
#include "hgq/sweep/table.h"

namespace hgq::sweep {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr int kFirstSignal = 128;
constexpr int kBadInput = 2;  // exit codes of hgq-train
constexpr int kRunFailed = 3;
constexpr int kMostAttempts = 5;

bool has_summary(const RunRecord& run) { return fs::exists(fs::path(run.folder) / "summary.json"); }

class LocalEngine {
 public:
  LocalEngine(SweepRecord& sweep, const LocalOptions& options) : sweep_(sweep), options_(options) {}

  SweepEnd run() {
    write_runs_csv(sweep_);
    for (NextRuns next = next_runs(sweep_); !next.runs.empty(); next = next_runs(sweep_)) {
      train(next);
      if (is_stopping()) return SweepEnd::kInterrupted;
      const size_t dropped_before = count(RunState::kDropped);
      mark_dropped(sweep_);
      const size_t dropped = count(RunState::kDropped) - dropped_before;
      if (dropped > 0) say(concat("epoch ", next.until, ": ", dropped, " runs stop here, the others go on"));
    }
    mark_dropped(sweep_);
    write_runs_csv(sweep_);
    return SweepEnd::kDone;
  }

 private:
  bool is_stopping() const { return options_.stop != nullptr && *options_.stop; }
  void say(const std::string& line) const {
    if (options_.say) options_.say(line);
  }
  size_t count(RunState state) const {
    return static_cast<size_t>(std::ranges::count(sweep_.runs, state, &RunRecord::state));
  }

  /// Trains some runs to the same epoch.
  void train(const NextRuns& next) {
    until_ = next.until;
    queue_.assign(next.runs.begin(), next.runs.end());
    constexpr milliseconds kPause{20};
    constexpr int kPausesBetweenLooks = 15;
    bool told = false;
    for (int64_t pause = 0; !queue_.empty() || !children_.empty() || !others_.empty(); ++pause) {
      if (is_stopping() && !told) {
        told = true;
        tell_to_stop();
      }
      while (!queue_.empty() && children_.size() + others_.size() < static_cast<size_t>(options_.jobs)) start_next();
      look_at_children();
      if (pause % kPausesBetweenLooks == 0) {
        look_at_others();
        show();
      }
      std::this_thread::sleep_for(kPause);
    }
    show();
  }

  void start_next() {
    const size_t i = queue_.front();
    queue_.pop_front();
    RunRecord& run = sweep_.runs[i];
    if (FolderLock::is_taken(run.folder)) {
      others_.push_back(i);
      run.state = RunState::kRunning;
      return;
    }
    refresh(sweep_, run);  // another process may have ended it
    if (run.state == RunState::kDone || run.state == RunState::kFailed) return;
    const std::string folder = fs::absolute(run.folder).lexically_normal().string();
    std::vector<std::string> words{
        options_.program, folder + "/config.yaml",         "--out", folder, "--resume", "--quiet",
        "--threads",      std::to_string(options_.threads)};
    if (until_ > 0) words.insert(words.end(), {"--stop-after", std::to_string(until_)});
    children_.emplace(i, BackgroundProgram(std::move(words), ".", folder + "/train.log"));
    run.state = RunState::kRunning;
  }

  /// Each gets one signal: a second one would end it without a checkpoint.
  void tell_to_stop() {
    for (const size_t i : queue_) {  // some may be going, begun by a sweep that was killed
      if (FolderLock::is_taken(sweep_.runs[i].folder)) others_.push_back(i);
    }
    queue_.clear();
    for (const auto& [i, child] : children_) child.send(SIGINT);
    for (const size_t i : others_) {
      const int process = FolderLock::process_with(sweep_.runs[i].folder).value_or(0);
      if (process > 0) kill(process, SIGINT);
    }
    const size_t runs = children_.size() + others_.size();
    if (runs > 0)
      say(concat("stopping ", runs,
                 runs == 1 ? " run, which writes its checkpoint" : " runs, which write their checkpoints"));
  }

  void look_at_children() {
    for (auto child = children_.begin(); child != children_.end();) {
      const std::optional<int> code = child->second.exit_code();
      if (!code) {
        ++child;
        continue;
      }
      const size_t i = child->first;
      child = children_.erase(child);
      take_end(i, *code);
    }
  }

  /// Runs of a sweep that was killed: when they have ended, they are continued, which does little if they were done.
  void look_at_others() {
    for (auto other = others_.begin(); other != others_.end();) {
      if (FolderLock::is_taken(sweep_.runs[*other].folder)) {
        ++other;
        continue;
      }
      if (!is_stopping()) queue_.push_front(*other);
      refresh(sweep_, sweep_.runs[*other]);
      other = others_.erase(other);
    }
  }

  void take_end(size_t i, int code) {
    RunRecord& run = sweep_.runs[i];
    if (code == kBadInput && was_in_use(run.folder)) {
      others_.push_back(i);
      return;
    }
    if (code == 0 && has_summary(run)) {
      write_exit_code(run.folder, 0);
    } else if (code >= kFirstSignal) {
      if (!is_stopping()) try_again(i, code);
    } else if (code != 0) {
      write_exit_code(run.folder, code);
    }
    refresh(sweep_, run);
    const bool has_end = run.state == RunState::kDone || run.state == RunState::kFailed;
    if (code == 0 && !has_end && !(until_ > 0 && run.epochs >= until_)) {
      write_exit_code(run.folder, kRunFailed);  // it says that it has done what it has not
      refresh(sweep_, run);
    }
    write_runs_csv(sweep_);
    tell_end(run);
  }

  void try_again(size_t i, int code) {
    Attempts& attempts = attempts_[i];
    RunRecord& run = sweep_.runs[i];
    refresh(sweep_, run);
    attempts.count = run.epochs > attempts.epochs ? 1 : attempts.count + 1;
    attempts.epochs = run.epochs;
    if (attempts.count >= kMostAttempts) {
      write_exit_code(run.folder, code);
      return;
    }
    say(concat(run.name, ": ended by signal ", code - kFirstSignal, "; it is begun again where it was"));
    queue_.push_front(i);
  }

  void tell_end(const RunRecord& run) const {
    if (run.state == RunState::kFailed) say(concat(run.name, ": failed: ", printable_text(run.message)));
    if (run.state != RunState::kDone) return;
    std::string values;
    for (size_t o = 0; o < sweep_.objectives.size(); ++o) {
      const std::optional<double>& value = run.last.objectives[o];
      values += concat(o > 0 ? ", " : "", sweep_.objectives[o].name, " ", value ? short_number(*value) : "-");
    }
    say(concat(run.name, ": ", values, " (", count(RunState::kDone), " of ", sweep_.runs.size(), " runs are done)"));
  }

  void show() {
    if (!options_.show) return;
    std::vector<size_t> running = others_;
    for (const auto& [i, child] : children_) running.push_back(i);
    std::ranges::sort(running);
    for (const size_t i : running) {
      RunRecord& run = sweep_.runs[i];
      std::error_code missing;
      const auto written = fs::last_write_time(fs::path(run.folder) / "history.csv", missing);
      if (!missing && std::exchange(seen_[i], written) != written) refresh(sweep_, run);
      run.state = RunState::kRunning;
    }
    options_.show(sweep_, running);
  }

  struct Attempts {
    int count = 0;
    int64_t epochs = 0;
  };

  SweepRecord& sweep_;
  const LocalOptions& options_;
  int64_t until_ = 0;
  std::deque<size_t> queue_;
  std::map<size_t, BackgroundProgram> children_;
  std::vector<size_t> others_;  // that run, but are not our children
  std::map<size_t, Attempts> attempts_;
  std::map<size_t, fs::file_time_type> seen_;  // when history.csv was written that was read last
};

}  // namespace

SweepEnd run_locally(SweepRecord& sweep, const LocalOptions& options) { return LocalEngine(sweep, options).run(); }

void forget_failures(SweepRecord& sweep) {
  for (RunRecord& run : sweep.runs) {
    const bool is_open = run.damage == Damage::kRewritten || !has_summary(run);
    if (run.state != RunState::kFailed || !is_open) continue;
    remove_exit_code(run.folder);
    refresh(sweep, run);
  }
  mark_dropped(sweep);
}

void write_runs_csv(const SweepRecord& sweep) {
  SweepRecord marked = sweep;
  mark_dropped(marked);
  write_file_atomically((fs::path(sweep.folder) / "runs.csv").string(), runs_csv(marked));
}

}  // namespace hgq::sweep
