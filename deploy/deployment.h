// Everything that follows a training, in one call: the ranges of all values, exact BOPs, a proxy for hls4ml, and a
// comparison of the proxy with the model, row by row. `hgq-train CONFIG` does the same after the last epoch.
//
//   const Objective objective{.losses = {sparse_categorical_crossentropy()}, .metrics = {accuracy()}};
//   const Deployment done = deploy(model, objective, {.train = &train, .validation = &validation}, workers);
//   for (const std::string& line : done.warnings) std::fprintf(stderr, "warning: %s\n", line.c_str());
//   if (done.proxy) std::fputs(describe(*done.verification).c_str(), stdout);    // verification->wrong: do not use it
//   else std::fprintf(stderr, "there is no proxy: %s\n", done.refused.c_str());
//   ModelExtras extras;
//   extras.objective = objective;
//   write_deployment("runs/mine", model, extras, done);                         // model.h5, proxy.h5, summary.json
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/data/dataset.h"
#include "hgq/deploy/model_extras.h"
#include "hgq/deploy/verification.h"
#include "hgq/layers/model.h"
#include "hgq/layers/trace.h"
#include "hgq/optim/epoch_means.h"
#include "hgq/optim/objective.h"
#include "hgq/proxy/model.h"

namespace hgq {

/// The data sets, with inputs and targets in the order of the model's; nullptr for a set that does not exist. They are
/// used only during the call.
struct DeploySets {
  const Dataset* train = nullptr;
  const Dataset* validation = nullptr;
  const Dataset* test = nullptr;
};

struct DeployOptions {
  /// The sets that give the ranges: "train", "validation", "test". A set that does not exist is left out.
  std::vector<std::string> traced = {"train", "validation"};
  TraceOptions trace{};
  ProxyOptions proxy{};
};

/// The results.
struct Deployment {
  /// Exact BOPs (quantization.md 2.4). Nothing if the model cannot be traced, because a parameter is not finite, or a
  /// bit width is one that no hardware can have; `refused` then says why, and nothing else is filled in.
  std::optional<TraceResult> trace;
  std::vector<std::pair<std::string, double>> bits_per_layer;  // exact bits, mean over the elements of the output

  /// The set on which the model is measured and the proxy verified: "test", without it "validation", without both
  /// "train".
  std::string tested_on;
  int64_t rows = 0;       // of this set
  Metrics model_metrics;  // as Evaluation::run() gives them, and "task_loss", that of Evaluation::task_loss()
  Metrics proxy_metrics;  // as PredictionEvaluation::metrics() gives them

  std::optional<ProxyModel> proxy;           // show its notes() to the user, too
  std::optional<Verification> verification;  // if there is a proxy
  std::string refused;                       // why there is no proxy; empty if there is one

  std::vector<std::string> warnings;  // lines for the user: no errors, but worth knowing
};

/// Traces the model, which then has the ranges of the traced sets, measures it, makes its proxy and verifies the proxy.
/// A model that cannot be exported is no error: `refused` tells the reason. Throws ConfigError if there is no set, or
/// if `traced` names an unknown one, and ShapeError or ConfigError if sets or objective do not fit the model.
Deployment deploy(Model& model, const Objective& objective, const DeploySets& sets, Workers& workers,
                  const DeployOptions& options = {});

/// {bops, bops_per_layer: {LAYER: n}, bits_per_layer: {LAYER: n}, tested_on, rows, model: {METRIC: n}}. Of the model,
/// `loss` is what was trained: the task loss, with beta times the BOPs and the regularizers; `task_loss` is the first
/// of these alone, which is what a proxy has, too. With a proxy also proxy: {METRIC: n}, verify: what to_json() makes
/// of the verification, and notes: [LINE], and proxy_is_wrong: what_is_wrong() if it is; without one not_exported:
/// REASON. For a model that could not be traced, not_exported alone.
nlohmann::json summary_of(const Deployment& deployment);

/// Writes model.h5, proxy.h5 if there is a proxy, scaling.csv and output_scaling.csv (deploy/scaling_file.h) if
/// inputs or targets are scaled, then summary.json into `folder`, which is created if it is missing. A proxy.h5 or
/// scaling.csv of an earlier model for which there is no new one is removed first: it would not be that of model.h5.
/// Each file is written whole or not at all. `extras` are kept in both HDF5 files (deploy/model_extras.h). Throws
/// FileError, or RunError if the disk fails.
void write_deployment(const std::string& folder, Model& model, const ModelExtras& extras, const Deployment& deployment);
/// The same with another summary, for example that of summary_of() with more keys.
void write_deployment(const std::string& folder, Model& model, const ModelExtras& extras, const Deployment& deployment,
                      const nlohmann::json& summary);

}  // namespace hgq
