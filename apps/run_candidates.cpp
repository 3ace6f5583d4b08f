#include "hgq/apps/run_candidates.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "hgq/apps/setup.h"
#include "hgq/core/clock.h"
#include "hgq/core/error.h"
#include "hgq/core/shell_word.h"
#include "hgq/core/system_file.h"
#include "hgq/core/version.h"
#include "hgq/data/atomic_file.h"
#include "hgq/deploy/candidate_file.h"
#include "hgq/deploy/measured_candidates.h"
#include "hgq/deploy/trained_model.h"
#include "hgq/report/run_files.h"

namespace hgq {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr size_t kMostTable = size_t{1} << 28U;
constexpr const char* kFrontTable = "pareto/pareto.csv";

std::string front_file(const report::FrontPoint& point) { return "pareto/" + point.file; }

/// What the numbers of a model depend on: its file, and how it is measured; and how its circuit is, which comes last.
struct Key {
  std::string measured;
  std::string circuit;  // empty: not asked for

  std::string text() const { return concat(measured, ":", circuit); }
  /// Whether numbers with the key `kept` have all that is asked for.
  bool is_served_by(const std::string& kept) const {
    return circuit.empty() ? kept.starts_with(measured + ":") : kept == text();
  }
};

Key key_of(const std::string& path, const std::string& settings, const CandidateOptions& options) {
  return {.measured = concat(model_checksum(path), ":", settings),
          .circuit = options.circuit ? concat(to_string(options.softmax), " ", options.stage_delay) : std::string()};
}

std::string settings_text(const RunConfig& config) {
  std::string text = concat(kVersion, " ", config.seed, "\n", config.data.to_yaml());
  if (const Node* const section = config.resolved.find("export")) text += section->to_yaml();
  return concat(content_checksum(text));
}

/// What was measured before; nothing of a file that is missing or damaged, which is then made anew.
Json read_cache(const std::string& path) {
  try {
    if (!fs::exists(path)) return Json::object();
    Json json = Json::parse(read_file(path, kMostTable));
    return json.is_object() ? json : Json::object();
  } catch (const std::exception&) {
    return Json::object();
  }
}

/// `data`: data_state(). Where the data are gone, what was measured of them before is all there is.
std::optional<Candidate> find_in_cache(const Json& cache, const std::string& file, const Key& key,
                                       const std::string& data) {
  try {
    if (cache.contains(file) && key.is_served_by(cache.at(file).at("key").get<std::string>()) &&
        (data.empty() || cache.at(file).at("data") == data))
      return candidate_from(cache.at(file).at("candidate"), file);
  } catch (const std::exception&) {  // damaged: it is measured again
  }
  return std::nullopt;
}

/// The data of a run, for the models that it has saved.
DataSets load_sets(const RunConfig& config, const LoadedModel& loaded) {
  std::vector<OutputSpec> outputs;
  for (size_t o = 0; o < loaded.model.outputs().size(); ++o) {
    const Model::Entry& entry = loaded.model.entry(loaded.model.outputs()[o]);
    outputs.push_back({config.model.outputs[o], entry.shape, loaded.extras.objective.losses[o]->target_kind()});
  }
  return load_data(open_data(config.data_config), config.data_config, input_names(loaded.model), outputs,
                   static_cast<uint64_t>(config.seed), loaded.extras.scaling,
                   {.target_scaling = loaded.extras.target_scaling});
}

/// Sizes and times of the data files, by which a change of them is noticed; empty if one is not there.
std::string data_state(const DataConfig& data) {
  std::string text;
  for (const std::string& file : data_files(data)) {
    std::error_code missing;
    const auto size = fs::file_size(file, missing);
    if (missing) return "";
    const auto time = fs::last_write_time(file, missing).time_since_epoch().count();
    if (missing) return "";
    text += concat(file, " ", size, " ", time, "\n");
  }
  return concat(content_checksum(text));
}

CandidateOptions with_export(const RunConfig& config, CandidateOptions options) {
  options.deploy = deploy_options(config);
  return options;
}

RunConfig config_of(const std::string& folder, const Registry& registry) {
  ErrorList errors;
  const ConfigSource source{.path = (fs::path(folder) / "config.yaml").string(), .sets = {}, .seed = std::nullopt};
  RunConfig config = read_run_config(source, config_hooks(registry), errors);
  errors.throw_if_any();
  return config;
}

LoadedModel load_measurable(const std::string& path, const Registry& registry) {
  LoadedModel loaded = load_model_with_extras(path, registry);
  HGQ_CHECK(!loaded.extras.objective.losses.empty(), ConfigError, path,
            ": has a loss or metric that is not known here; measure it with the program that trained it");
  return loaded;
}

/// The list of ParetoFront, with what was measured of its models; columns of an earlier measurement are replaced.
std::string front_text(const report::RunFront& front, const std::vector<Candidate>& candidates) {
  const auto is_added = [](const std::string& name) { return name == "exact_bops" || name.starts_with("test_"); };
  std::vector<std::string> added;
  for (const Candidate& candidate : candidates) {
    for (const auto& [name, value] : candidate.values()) {
      if (is_added(name) && std::ranges::find(added, name) == added.end()) added.push_back(name);
    }
  }
  std::string text = "file,epoch";
  for (const std::string& metric : front.metrics) text += is_added(metric) ? "" : "," + metric;
  for (const std::string& name : added) text += "," + name;
  text += "\n";
  for (size_t p = 0; p < front.points.size(); ++p) {
    const report::FrontPoint& point = front.points[p];
    text += concat(point.file, ",", point.epoch);
    for (size_t i = 0; i < point.values.size(); ++i) {
      if (!is_added(front.metrics[i])) text += concat(",", point.values[i]);
    }
    for (const std::string& name : added) {
      const std::optional<double> value = candidates[p].value(name);
      text += concat(",", value.value_or(std::nan("")));
    }
    text += "\n";
  }
  return text;
}

/// The models that the files of a run speak of, whether they are there or not.
std::vector<SavedModel> listed_models(const fs::path& folder) {
  std::vector<SavedModel> models;
  if (fs::exists(folder / kFrontTable)) {
    for (const report::FrontPoint& point : report::read_front((folder / kFrontTable).string()).points)
      models.push_back({.file = front_file(point), .epoch = point.epoch});
  }
  const fs::path summary = folder / "summary.json";
  const bool has_summary = fs::exists(summary);
  const bool has_model = fs::exists(folder / "model.h5");
  if (has_summary || has_model) {
    const int64_t epoch = has_summary && has_model ? report::read_summary(summary.string()).epochs.value_or(0) : 0;
    models.push_back({.file = "model.h5", .epoch = static_cast<int>(epoch)});
  }
  return models;
}

}  // namespace

std::vector<std::string> data_files(const DataConfig& data) {
  std::set<std::string> files;
  const auto add = [&](const SetSpec& set) {
    for (const std::vector<NamedArray>* const group : {&set.inputs, &set.targets, &set.weights}) {
      for (const NamedArray& named : *group) files.insert(named.array.file.empty() ? set.file : named.array.file);
    }
  };
  add(data.train);
  if (data.validation) add(*data.validation);
  if (data.test) add(*data.test);
  return {files.begin(), files.end()};
}

std::vector<SavedModel> saved_models(const std::string& folder) {
  std::vector<SavedModel> models = listed_models(folder);
  std::erase_if(models, [&](const SavedModel& model) { return !fs::exists(fs::path(folder) / model.file); });
  return models;
}

std::vector<std::string> missing_models(const std::string& folder) {
  std::vector<std::string> missing;
  for (const SavedModel& model : listed_models(folder)) {
    if (!fs::exists(fs::path(folder) / model.file)) missing.push_back(model.file);
  }
  return missing;
}

std::vector<Candidate> measure_models(const std::string& folder, const std::vector<SavedModel>& models,
                                      const DeploySets& sets, const Registry& registry, Workers& workers,
                                      const CandidateOptions& options, const MeasureProgress& progress) {
  std::vector<Candidate> candidates;
  for (size_t m = 0; m < models.size(); ++m) {
    if (progress) progress(folder, m, models.size());
    LoadedModel loaded = load_model_with_extras((fs::path(folder) / models[m].file).string(), registry);
    Candidate candidate = measure_candidate(loaded.model, loaded.extras.objective, sets, workers, options);
    candidate.run = folder;
    candidate.file = models[m].file;
    candidate.epoch = models[m].epoch;
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

MeasuredRun measure_run(const std::string& folder, const Registry& registry, Workers& workers,
                        const CandidateOptions& options, const MeasureProgress& progress) {
  MeasuredRun run;
  const fs::path path(folder);
  run.config = config_of(folder, registry);
  const CandidateOptions settings = with_export(run.config, options);
  const std::string settings_key = settings_text(run.config);
  const std::string cache_file = (path / kCandidatesName).string();
  const Json cache = read_cache(cache_file);
  const std::string data = data_state(run.config.data_config);
  Json now = Json::object();
  std::optional<DataSets> sets;  // loaded for the first model that has to be measured
  const std::vector<SavedModel> models = saved_models(folder);
  run.missing = missing_models(folder);
  for (size_t m = 0; m < models.size(); ++m) {
    const SavedModel& model = models[m];
    const Key key = key_of((path / model.file).string(), settings_key, options);
    std::optional<Candidate> candidate = find_in_cache(cache, model.file, key, data);
    const std::string kept = candidate ? cache[model.file]["key"].get<std::string>() : key.text();
    if (!candidate) {
      if (progress) progress(folder, m, models.size());
      if (!sets) sets = load_sets(run.config, load_measurable((path / model.file).string(), registry));
      candidate =
          measure_models(folder, {model},
                         {.train = sets->train.get(), .validation = sets->validation.get(), .test = sets->test.get()},
                         registry, workers, settings)
              .front();
    }
    candidate->run = folder;
    candidate->epoch = model.epoch;
    now[model.file] = {
        {"key", kept},
        {"data", data.empty() && cache.contains(model.file) ? cache[model.file].value("data", "") : data},
        {"candidate", to_json(*candidate)}};
    if (!options.circuit) {  // what was not asked for is kept, and not told
      candidate->circuit.reset();
      candidate->no_circuit.clear();
    }
    run.candidates.push_back(std::move(*candidate));
  }
  if (now != cache && !models.empty()) {
    try {
      write_file_atomically(cache_file, now.dump(1) + "\n");
    } catch (const Error&) {  // a folder of someone else: it is measured again the next time
    }
  }
  return run;
}

RunModel load_run_model(const std::string& folder, const std::string& file, const Registry& registry) {
  RunModel run;
  run.config = config_of(folder, registry);
  run.loaded = load_measurable((fs::path(folder) / file).string(), registry);
  run.sets = load_sets(run.config, run.loaded);
  return run;
}

DeployOptions deploy_options(const RunConfig& config) {
  return {.traced = config.proxy.trace.data,
          .trace = {.batch_size = config.proxy.trace.batch_size, .cover_factor = config.proxy.trace.cover_factor},
          .proxy = config.proxy.options()};
}

MeasureProgress told_when_slow() {
  return [last = seconds_now()](const std::string&, size_t model, size_t models) mutable {
    constexpr double kSeconds = 10;
    if (seconds_now() - last < kSeconds) return;
    last = seconds_now();
    std::cerr << "hgq-train: measuring the models of the front: " << model << " of " << models << " are done\n";
  };
}

std::string complete_front(const std::string& folder, const RunConfig& config, const DeploySets& sets,
                           const Registry& registry, Workers& workers, const MeasureProgress& progress) {
  const std::string table = (fs::path(folder) / kFrontTable).string();
  if (!fs::exists(table)) return "";
  const report::RunFront front = report::read_front(table);
  CandidateOptions options = with_export(config, {});
  options.circuit = false;
  std::vector<Candidate> candidates;
  for (size_t p = 0; p < front.points.size(); ++p) {
    const SavedModel model{.file = front_file(front.points[p]), .epoch = front.points[p].epoch};
    if (progress) progress(folder, p, front.points.size());
    try {
      candidates.push_back(measure_models(folder, {model}, sets, registry, workers, options).front());
    } catch (const FileError& e) {  // someone has removed or damaged it: the run is done all the same
      std::cerr << "hgq-train: note: not measured: " << bounded_message(e.what()) << "\n";
      candidates.emplace_back();
    }
  }
  write_file_atomically(table, front_text(front, candidates));
  return concat("front of ", candidates.size(), candidates.size() == 1 ? " model in " : " models in ", table,
                "; 'hgq-train front ", shell_word(folder), "' adds LUTs, 'hgq-train pick' chooses one\n");
}

}  // namespace hgq
