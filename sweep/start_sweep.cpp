#include "hgq/sweep/start_sweep.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/core/system_file.h"
#include "hgq/data/atomic_file.h"
#include "hgq/sweep/halving.h"
#include "hgq/sweep/table.h"

namespace hgq::sweep {
namespace {

namespace fs = std::filesystem;

struct PlannedRun {
  std::string name;
  RunPlan plan;
  CheckedConfig config;
  bool is_new = true;
};

/// Errors of the configs of many runs, each once, with the runs that have it.
class RunErrors {
 public:
  void add(const std::string& run, const ErrorList& errors) {
    for (const ErrorList::Entry& entry : errors.entries()) {
      const auto key = std::pair(entry.place, entry.message);
      if (runs_[key].empty()) order_.push_back(key);
      runs_[key].push_back(run);
    }
  }

  void add_to(ErrorList& errors, size_t all) const {
    for (const auto& key : order_) {
      const std::vector<std::string>& runs = runs_.at(key);
      const std::string where = runs.size() == all ? (all == 1 ? "" : " (in all runs)")
                                : runs.size() == 1 ? concat(" (in ", runs[0], ")")
                                                   : concat(" (in ", runs[0], " and ", runs.size() - 1, " more)");
      errors.add(key.first, key.second + where);
    }
  }

 private:
  using Key = std::pair<std::string, std::string>;
  std::map<Key, std::vector<std::string>> runs_;
  std::vector<Key> order_;
};

class Starting {
 public:
  Starting(const SweepFile& file, const ConfigTools& tools, const StartOptions& options)
      : file_(file), tools_(tools), options_(options) {}

  StartedSweep start() {
    read_base();
    stored_ = holds_sweep(options_.folder) ? stored_runs(options_.folder) : std::vector<StoredRun>{};
    plan();
    compare_with_stored();
    check_configs();
    if (!options_.dry) write();
    return {.sweep = record(), .added = added(), .warnings = std::move(warnings_)};
  }

 private:
  void read_base() {
    ErrorList errors;
    base_ = Node::from_yaml_file(file_.base, errors);
    if (errors.empty() && !base_.is_map())
      errors.add(file_.base,
                 concat("found ", describe(base_), ", expected a config with the sections data, model and train"));
    errors.throw_if_any();
  }

  void plan() {
    ErrorList errors;
    std::vector<RunPlan> plans = expand(file_, errors);
    errors.throw_if_any();
    int64_t next = 1;
    for (const StoredRun& run : stored_)
      next = std::max(next, static_cast<int64_t>(std::stoll(run.name.substr(4))) + 1);
    std::map<std::string, std::string> names;  // by what the axes set
    for (const StoredRun& run : stored_) {
      if (run.damage.empty()) names.emplace(identity(run.values), run.name);
    }
    for (RunPlan& plan : plans) {
      PlannedRun run{.name = "", .plan = std::move(plan), .config = {}};
      if (const auto known = names.find(identity(run.plan.values)); known != names.end()) run.name = known->second;
      if (run.name.empty()) run.name = name_by_config(run.plan);
      run.is_new = run.name.empty();
      if (run.is_new) run.name = run_name(next++);
      runs_.push_back(std::move(run));
    }
    warn_of_equal_draws();
  }

  /// The stored run with this config whose values.yaml is damaged; empty if there is none.
  std::string name_by_config(const RunPlan& plan) const {
    const auto is_damaged = [](const StoredRun& run) { return !run.damage.empty(); };
    if (std::ranges::none_of(stored_, is_damaged) || !tools_.differing_keys) return "";
    ErrorList errors;
    Node config = base_;
    for (const Setting& setting : plan.settings) tools_.set(config, setting, errors);
    if (!errors.empty()) return "";
    const CheckedConfig checked =
        tools_.check(config, fs::path(file_.base).parent_path().string(), watched_metrics(file_), errors);
    if (!errors.empty()) return "";
    for (const StoredRun& run : stored_) {
      if (!is_damaged(run)) continue;
      ErrorList unreadable;
      const Node before = stored_config(run.name, unreadable);
      if (unreadable.empty() && before.is_map() && tools_.differing_keys(before, checked.resolved).empty())
        return run.name;
    }
    return "";
  }

  Node stored_config(const std::string& run, ErrorList& errors) const {
    return Node::from_yaml_file(run_folder(options_.folder, run) + "/config.yaml", errors);
  }

  void warn_of_equal_draws() {
    size_t all = 1;
    bool any_random = false;
    for (const Axis& axis : file_.axes) {
      if (!axis.random || !any_random) all *= axis.points.size();
      any_random = any_random || axis.random;
    }
    if (runs_.size() < all)
      warnings_.push_back(concat("the axes give ", all, " runs, of which ", all - runs_.size(),
                                 " have the values of another one, as draws can be equal; they are made once"));
  }

  void compare_with_stored() const {
    std::vector<std::string> gone;
    std::set<std::string> given;
    for (const PlannedRun& run : runs_) given.insert(run.name);
    for (const StoredRun& run : stored_) {
      if (given.count(run.name) == 0 && run.damage.empty()) gone.push_back(run.name);
    }
    if (gone.empty()) return;
    const auto first = std::ranges::find(stored_, gone.front(), &StoredRun::name);
    std::string values;
    for (const Setting& setting : first->values)
      values += concat(values.empty() ? "" : ", ", setting.key, " = ", value_text(setting.value));
    throw ConfigError(concat(
        file_.path, ": the sweep in '", options_.folder, "' has runs that this file does not give: ", join_names(gone),
        " (", printable(values),
        "); a sweep that has begun can get more runs, but no other ones: take the file as it was, or another --out"));
  }

  void check_configs() {
    RunErrors found;
    const std::string folder = fs::path(file_.base).parent_path().string();
    const std::vector<WatchedMetric> watched = watched_metrics(file_);
    for (PlannedRun& run : runs_) {
      ErrorList errors;
      Node config = base_;
      for (const Setting& setting : run.plan.settings) tools_.set(config, setting, errors);
      if (errors.empty()) check_settings(run.plan.settings, errors);
      if (errors.empty()) run.config = tools_.check(config, folder, watched, errors);
      found.add(run.name, errors);
    }
    throw_if_any(found);
    check_halving();
    compare_configs();
    // Configs that differ in the seed alone need the same.
    std::set<std::string> tried;
    for (PlannedRun& run : runs_) {
      if (!run.is_new) continue;
      Node config = run.config.resolved;
      config.erase("seed");
      if (!tried.insert(config.to_yaml()).second) continue;
      ErrorList errors;
      std::vector<std::string> warnings;
      run.config.try_out(errors, warnings);
      found.add(run.name, errors);
      for (std::string& warning : warnings) {
        if (std::ranges::find(warnings_, warning) == warnings_.end()) warnings_.push_back(std::move(warning));
      }
    }
    throw_if_any(found);
  }

  /// A first rung that no run comes to would stop none. Sweeps that have begun so go on.
  void check_halving() const {
    if (!file_.halving || !stored_.empty()) return;
    int64_t longest = 0;
    for (const PlannedRun& run : runs_) longest = std::max(longest, planned_epochs(run));
    const int64_t first = file_.halving->rungs.front();
    HGQ_CHECK(first < longest, ConfigError, file_.halving->place, ": halving: the first rung is epoch ", first,
              ", but the runs train for ", longest, longest == 1 ? " epoch" : " epochs",
              " (train.epochs), so none would be stopped before its end; expected a rung below ", longest,
              ", or no halving");
  }

  static int64_t planned_epochs(const PlannedRun& run) {
    return decimal_integer(run.config.resolved["train"]["epochs"]).value_or(1);
  }

  /// Of two settings for one value, which may be called by different paths, the first would have no effect.
  void check_settings(const Settings& settings, ErrorList& errors) const {
    for (size_t first = 0; first < settings.size(); ++first) {
      for (size_t second = first + 1; second < settings.size(); ++second) {
        Node both = base_;
        tools_.set(both, settings[first], errors);
        tools_.set(both, settings[second], errors);
        Node again = both;
        tools_.set(again, settings[first], errors);
        if (!errors.empty() || again.to_yaml() == both.to_yaml()) continue;
        errors.add(settings[first].place,
                   concat("'", printable(settings[first].key), "' and '", printable(settings[second].key),
                          "' set the same value, so the first has no effect; expected one of them"));
      }
    }
  }

  void throw_if_any(const RunErrors& found) const {
    ErrorList errors;
    found.add_to(errors, runs_.size());
    errors.throw_if_any();
  }

  /// Runs that are there must have the config that they began with.
  void compare_configs() const {
    for (const PlannedRun& run : runs_) {
      if (run.is_new || !tools_.differing_keys) continue;
      ErrorList errors;
      const Node before = stored_config(run.name, errors);
      if (!errors.empty() || !before.is_map()) continue;  // read_sweep() tells that the file is damaged
      const std::vector<std::string> keys = tools_.differing_keys(before, run.config.resolved);
      HGQ_CHECK(keys.empty(), ConfigError, file_.path, ": the config of ", run.name,
                " differs from that with which it began, in ", join_names(keys),
                "; the runs of a sweep that has begun cannot change: take ", file_.base,
                " and this file as they were, or another --out");
    }
  }

  void write() const {
    remove_half_made();
    for (const PlannedRun& run : runs_) {
      const std::string folder = run_folder(options_.folder, run.name);
      const auto stored = std::ranges::find(stored_, run.name, &StoredRun::name);
      if (stored != stored_.end() && !stored->damage.empty())
        write_file_atomically(folder + "/values.yaml", values_text(run.plan.values));
      if (!run.is_new) continue;
      make_folder(folder);
      replace_file(folder + "/config.yaml", run.config.resolved.to_yaml());
      write_file_atomically(folder + "/values.yaml", values_text(run.plan.values));
    }
    write_file_atomically(sweep_yaml(options_.folder), file_.resolved.to_yaml());
  }

  /// What a start left that was killed: folders of runs without a sweep.yaml. A folder with more in it is somebody
  /// else's.
  void remove_half_made() const {
    if (holds_sweep(options_.folder)) return;
    std::error_code missing;
    for (const fs::directory_entry& run : fs::directory_iterator(fs::path(options_.folder) / "runs", missing)) {
      for (const fs::directory_entry& file : fs::directory_iterator(run.path(), missing)) {
        const std::string name = file.path().filename().string();
        HGQ_CHECK(name.starts_with("config.yaml") || name.starts_with("values.yaml"), ConfigError, "'",
                  run.path().string(), "' is not of a sweep that was just begun (it holds ", name,
                  "); give another --out");
      }
    }
    fs::remove_all(fs::path(options_.folder) / "runs", missing);
  }

  SweepRecord record() const {
    if (!options_.dry) return read_sweep(options_.folder);
    SweepRecord sweep{.folder = options_.folder,
                      .objectives = file_.objectives,
                      .constraints = file_.constraints,
                      .halving = file_.halving,
                      .runs = {}};
    for (const PlannedRun& run : runs_) {
      RunRecord entry;
      entry.name = run.name;
      entry.folder = run_folder(options_.folder, run.name);
      entry.values = run.plan.values;
      entry.planned_epochs = planned_epochs(run);
      refresh(sweep, entry);
      sweep.runs.push_back(std::move(entry));
    }
    return sweep;
  }

  size_t added() const { return static_cast<size_t>(std::ranges::count(runs_, true, &PlannedRun::is_new)); }

  const SweepFile& file_;
  const ConfigTools& tools_;
  const StartOptions& options_;
  Node base_;
  std::vector<StoredRun> stored_;
  std::vector<PlannedRun> runs_;
  std::vector<std::string> warnings_;
};

}  // namespace

StartedSweep start_sweep(const SweepFile& file, const ConfigTools& tools, const StartOptions& options) {
  return Starting(file, tools, options).start();
}

}  // namespace hgq::sweep
