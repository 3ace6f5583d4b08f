#include "hgq/report/comparison.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/data/folder_lock.h"
#include "hgq/report/config_leaves.h"
#include "hgq/sweep/sweep_folder.h"
#include "hgq/sweep/table.h"

namespace hgq::report {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostNames = 4;

using Leaves = std::vector<std::pair<std::string, std::string>>;

bool holds(const fs::path& folder, const char* name) { return fs::is_regular_file(folder / name); }

/// "done" and so on of a run that is not part of a sweep.
std::string state_of(const ComparedRun& run) {
  if (run.summary) return "done";
  if (FolderLock::is_taken(run.folder)) return "running";
  return run.history.size() > 0 || holds(run.folder, "checkpoint.h5") ? "stopped" : "waiting";
}

/// Reads config.yaml, if it is there. Throws FileError if it is damaged.
void read_config(ComparedRun& run, Leaves& config) {
  const fs::path folder(run.folder);
  HGQ_CHECK(holds(folder, "config.yaml") || !holds(folder, "values.yaml"), FileError, run.folder,
            ": there is no config.yaml, which every run of a sweep has");
  if (!holds(folder, "config.yaml")) return;
  const std::string path = (folder / "config.yaml").string();
  run.config_text = read_config_text(path);
  ErrorList errors;
  const Node tree = Node::from_yaml(run.config_text, path, errors);
  if (!errors.empty()) throw FileError(errors.messages().front());
  HGQ_CHECK(tree.is_map(), FileError, path, ": found ", describe(tree), ", expected the config of a run");
  config = config_leaves(tree);
}

/// Reads what is there. Throws FileError at a damaged file.
void read_files(ComparedRun& run, Leaves& config) {
  const fs::path folder(run.folder);
  read_config(run, config);
  if (holds(folder, "history.csv")) run.history = read_history((folder / "history.csv").string());
  if (holds(folder, "summary.json")) run.summary = read_summary((folder / "summary.json").string());
}

/// Names that tell the runs apart.
void name_runs(std::vector<ComparedRun>& runs) {
  std::map<std::string, int> names;
  for (const ComparedRun& run : runs) ++names[folder_name(run.folder)];
  for (ComparedRun& run : runs) {
    const std::string name = folder_name(run.folder);
    run.name = names[name] > 1 ? fs::path(run.folder).lexically_normal().string() : name;
  }
}

std::string find_leaf(const Leaves& leaves, const std::string& key) {
  const auto found = std::ranges::find(leaves, key, &Leaves::value_type::first);
  return found == leaves.end() ? "" : found->second;
}

/// The paths that differ, in the order in which they stand in the configs; a run without a config differs in none.
std::vector<std::string> differing(std::vector<Leaves> configs) {
  std::erase_if(configs, [](const Leaves& leaves) { return leaves.empty(); });
  std::vector<std::string> all;
  std::set<std::string> known;
  for (const Leaves& leaves : configs) {
    for (const auto& leaf : leaves) {
      if (known.insert(leaf.first).second) all.push_back(leaf.first);
    }
  }
  std::erase_if(all, [&](const std::string& key) {
    const std::string first = find_leaf(configs.front(), key);
    return std::ranges::all_of(configs, [&](const Leaves& leaves) { return find_leaf(leaves, key) == first; });
  });
  return all;
}

/// Metrics of other rows, targets or losses cannot be compared.
void warn_of_data(const std::vector<ComparedRun>& runs, const std::vector<Leaves>& configs,
                  std::vector<std::string>& warnings) {
  const std::vector<std::string> keys = differing(configs);
  for (const std::string& key : keys) {
    const auto is_above = [&](const std::string& other) { return key.starts_with(other + "."); };
    if (std::ranges::any_of(keys, is_above)) continue;  // a value here and a map there, which is told as a whole
    const bool is_about_data = key.starts_with("data.") && !key.starts_with("data.scale") && key != "data.memory";
    const bool is_loss = key == "train.loss" || key.starts_with("train.loss.") || key.starts_with("train.loss_weights");
    if (!is_about_data && !is_loss) continue;
    std::vector<std::pair<std::string, std::string>> values;  // and the first run that has it
    for (size_t r = 0; r < runs.size(); ++r) {
      if (configs[r].empty()) continue;
      std::string value = find_leaf(configs[r], key);
      if (value.empty()) {
        ErrorList said_elsewhere;
        value = value_in_short(Node::from_yaml(runs[r].config_text, "", said_elsewhere), key);
      }
      if (std::ranges::find(values, value, &Leaves::value_type::first) == values.end())
        values.emplace_back(value, runs[r].name);
    }
    std::string text = concat("The runs differ in ", key, ":");
    for (size_t i = 0; i < std::min(kMostNames, values.size()); ++i)
      text += concat(i > 0 ? "," : "", " ", values[i].first.empty() ? "nothing" : values[i].first, " (",
                     values[i].second, ")");
    if (values.size() > kMostNames) text += concat(", and ", values.size() - kMostNames, " more");
    warnings.push_back(text + ". Numbers on different rows, targets or losses cannot be compared.");
  }
}

std::vector<Leaves> read_runs(Comparison& comparison) {
  name_runs(comparison.runs);
  std::vector<Leaves> configs(comparison.runs.size());
  for (size_t r = 0; r < comparison.runs.size(); ++r) {
    ComparedRun& run = comparison.runs[r];
    try {
      read_files(run, configs[r]);
      for (ComparedModel& model : read_compared_models(run.folder, r, run.summary))
        comparison.models.push_back(std::move(model));
      if (run.state.empty()) run.state = state_of(run);
    } catch (const FileError& e) {
      run.state = "unreadable";
      run.is_damaged = true;
      run.message = e.what();
      comparison.warnings.push_back(concat(run.name, " cannot be read: ", e.what(), "."));
    }
  }
  return configs;
}

Comparison read_sweep_of(const std::string& folder) {
  const sweep::SweepRecord record = sweep::read_sweep(folder);
  Comparison comparison;
  comparison.is_sweep = true;
  comparison.name = folder_name(folder);
  comparison.sweep_text = read_config_text(sweep::sweep_yaml(folder));
  for (const sweep::Objective& objective : record.objectives)
    comparison.objectives.emplace_back(objective.name, objective.maximize);
  for (const sweep::RunRecord& run : record.runs) {
    for (const sweep::Setting& setting : run.values) {
      if (std::ranges::find(comparison.keys, setting.key) == comparison.keys.end())
        comparison.keys.push_back(setting.key);
    }
  }
  for (const sweep::RunRecord& run : record.runs) {
    ComparedRun& compared = comparison.runs.emplace_back();
    compared.folder = run.folder;
    compared.state = sweep::state_name(run.state);
    compared.message = run.message;
    compared.is_damaged = run.damage != sweep::Damage::kNone;
    for (const std::string& key : comparison.keys) {
      const auto found = std::ranges::find(run.values, key, &sweep::Setting::key);
      compared.settings.push_back(found == run.values.end() ? "" : sweep::value_text(found->value));
    }
  }
  const std::vector<Leaves> configs = read_runs(comparison);
  for (const ComparedRun& run : comparison.runs) {
    if (run.is_damaged && run.state != "unreadable")
      comparison.warnings.push_back(concat(run.name, " is damaged: ", run.message, "."));
  }
  warn_of_data(comparison.runs, configs, comparison.warnings);
  return comparison;
}

void add_runs_in(const fs::path& folder, std::vector<std::string>& runs) {
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator i(folder, error), end; !error && i != end; i.increment(error)) {
    // A run of a sweep without its config is told by who reads it.
    if (i->is_directory(error) && (holds(i->path(), "config.yaml") || holds(i->path(), "values.yaml")))
      found.push_back(i->path().string());
  }
  std::ranges::sort(found);
  runs.insert(runs.end(), found.begin(), found.end());
}

}  // namespace

std::vector<std::string> run_folders(const std::vector<std::string>& given) {
  std::vector<std::string> runs;
  for (const std::string& name : given) {
    const fs::path path(name);
    HGQ_CHECK(fs::exists(path), FileError, "'", printable(name), "': there is no such folder; expected that of a run");
    HGQ_CHECK(fs::is_directory(path), FileError, "'", printable(name), "' is a file; expected the folder of a run");
    const size_t before = runs.size();
    if (holds(path, "config.yaml")) {
      runs.push_back(name);
    } else {
      add_runs_in(path / "runs", runs);
      if (runs.size() == before) add_runs_in(path, runs);
    }
    HGQ_CHECK(runs.size() > before, FileError, "'", printable(name),
              "' holds no run: there is no config.yaml in it, in its folders, or in those of ", printable(name),
              "/runs");
  }
  std::vector<std::string> once;
  for (const std::string& run : runs) {
    const auto same = [&](const std::string& other) { return fs::equivalent(run, other); };
    if (std::ranges::none_of(once, same)) once.push_back(run);
  }
  return once;
}

std::vector<std::string> data_warnings(const std::vector<std::string>& run_folders) {
  std::vector<ComparedRun> runs;
  for (const std::string& folder : run_folders) runs.emplace_back().folder = folder;
  name_runs(runs);
  std::vector<Leaves> configs(runs.size());
  for (size_t r = 0; r < runs.size(); ++r) {
    try {
      read_config(runs[r], configs[r]);
    } catch (const FileError&) {  // told by who measures the run
      configs[r].clear();
    }
  }
  std::vector<std::string> warnings;
  warn_of_data(runs, configs, warnings);
  return warnings;
}

Comparison read_comparison(const std::vector<std::string>& folders) {
  if (folders.size() == 1 && fs::is_directory(folders.front()) && sweep::holds_sweep(folders.front()))
    return read_sweep_of(folders.front());
  Comparison comparison;
  for (const std::string& folder : run_folders(folders)) comparison.runs.emplace_back().folder = folder;
  comparison.name = folders.size() == 1 ? folder_name(folders.front()) : concat(comparison.runs.size(), " runs");
  const std::vector<Leaves> configs = read_runs(comparison);
  comparison.keys = differing(configs);
  for (size_t r = 0; r < configs.size(); ++r) {
    for (const std::string& key : comparison.keys) comparison.runs[r].settings.push_back(find_leaf(configs[r], key));
  }
  warn_of_data(comparison.runs, configs, comparison.warnings);
  return comparison;
}

}  // namespace hgq::report
