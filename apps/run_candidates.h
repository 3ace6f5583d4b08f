// The saved models of runs, measured: for `front` and `pick`, and for pareto.csv at the end of a run.
//
//   for (const std::string& folder : report::run_folders({"sweeps/size"})) {
//     const MeasuredRun run = measure_run(folder, registry, workers, options);
//     ...
//   }
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hgq/apps/run_config.h"
#include "hgq/data/data_sets.h"
#include "hgq/deploy/candidate.h"
#include "hgq/deploy/registry.h"
#include "hgq/deploy/trained_model.h"

namespace hgq {

/// A model file of a run.
struct SavedModel {
  std::string file;  // in the folder of the run
  int epoch = 0;
};

/// The files that the sets of a config name, each once.
std::vector<std::string> data_files(const DataConfig& data);

/// The models that ParetoFront has kept, in the order of their epochs, then model.h5, as far as they exist.
std::vector<SavedModel> saved_models(const std::string& folder);

/// Models that pareto.csv or summary.json speak of, and which are not there.
std::vector<std::string> missing_models(const std::string& folder);

/// Called before each model.
using MeasureProgress = std::function<void(const std::string& run, size_t model, size_t models)>;

/// The candidates of a run whose data are loaded.
std::vector<Candidate> measure_models(const std::string& folder, const std::vector<SavedModel>& models,
                                      const DeploySets& sets, const Registry& registry, Workers& workers,
                                      const CandidateOptions& options, const MeasureProgress& progress = {});

struct MeasuredRun {
  RunConfig config;
  std::vector<Candidate> candidates;
  std::vector<std::string> missing;  // as missing_models()
};

/// Reads config and data of a run, and measures its models as its section `export` says. What was measured before, with
/// the same files, data and options, is taken from RUN/candidates.json, which is written anew if the folder may be
/// written. Throws FileError or ConfigError if the run or its data cannot be read.
MeasuredRun measure_run(const std::string& folder, const Registry& registry, Workers& workers,
                        const CandidateOptions& options, const MeasureProgress& progress = {});

/// A saved model with the data of its run.
struct RunModel {
  RunConfig config;
  LoadedModel loaded;
  DataSets sets;
};
RunModel load_run_model(const std::string& folder, const std::string& file, const Registry& registry);

/// How a run traces and exports.
DeployOptions deploy_options(const RunConfig& config);

/// Writes a line to standard error every ten seconds.
MeasureProgress told_when_slow();

/// Adds exact BOPs and the metrics on the test rows, if there are such, to the list that ParetoFront has written, and
/// returns a line that says where it is; empty if there is none.
std::string complete_front(const std::string& folder, const RunConfig& config, const DeploySets& sets,
                           const Registry& registry, Workers& workers, const MeasureProgress& progress = {});

}  // namespace hgq
