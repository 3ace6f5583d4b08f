// All that follows a training, in one call: the ranges of all values, exact BOPs, a proxy for hls4ml, and row by row
// whether the proxy computes what the model computes. What `hgq-train CONFIG` does when the epochs are over.
//
//   const Objective objective{.losses = {sparse_categorical_crossentropy()}, .metrics = {accuracy()}};
//   const Deployment done = deploy(model, objective, {.train = &train, .validation = &validation}, workers);
//   for (const std::string& line : done.warnings) std::fprintf(stderr, "warning: %s\n", line.c_str());
//   if (done.proxy) std::fputs(describe(*done.verification).c_str(), stdout);
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

/// Sets with targets, inputs in the order of the model's; those that there are.
struct DeploySets {
  const Dataset* train = nullptr;
  const Dataset* validation = nullptr;
  const Dataset* test = nullptr;
};

struct DeployOptions {
  /// Which sets give the ranges: "train", "validation", "test". One that is not there is left out.
  std::vector<std::string> traced = {"train", "validation"};
  TraceOptions trace{};
  ProxyOptions proxy{};
};

/// What came of it.
struct Deployment {
  /// Exact BOPs. Nothing where the model is not fit to be traced: it holds values that are not finite, or widths that
  /// no hardware can have. `refused` says why, and all else is empty then.
  std::optional<TraceResult> trace;
  std::vector<std::pair<std::string, double>> bits_per_layer;  // mean over the elements of a layer's output

  /// The model is measured, and the proxy verified, on the test set; without one on validation, or else training set.
  std::string tested_on;
  int64_t rows = 0;
  Metrics model_metrics;  // as Evaluation::run() gives them
  Metrics proxy_metrics;  // as PredictionEvaluation::metrics() gives them

  std::optional<ProxyModel> proxy;           // its notes() are for the user, too
  std::optional<Verification> verification;  // wherever there is a proxy
  std::string refused;                       // why there is no proxy; empty where there is one

  std::vector<std::string> warnings;  // lines for the user: what is not wrong, but should be known
};

/// Traces the model, whose ranges are those of the traced sets afterwards, measures it, makes its proxy and verifies
/// it. A model that cannot be exported is no error: `refused` says so. Throws ConfigError where there is no set or an
/// unknown one is to be traced, ShapeError, ConfigError where sets or objective do not fit the model.
Deployment deploy(Model& model, const Objective& objective, const DeploySets& sets, Workers& workers,
                  const DeployOptions& options = {});

/// {bops, bops_per_layer: {LAYER: n}, bits_per_layer: {LAYER: n}, tested_on, rows, model: {METRIC: n}, and with a proxy
/// proxy: {METRIC: n}, verify (to_json of the verification), notes: [LINE]; else not_exported: REASON}; of a model that
/// could not be traced not_exported alone.
nlohmann::json summary_of(const Deployment& deployment);

/// Writes model.h5, proxy.h5 where there is a proxy, then summary.json, each whole or not at all, into a folder that is
/// made where it is missing. `extras` go with the model (deploy/model_extras.h). Throws FileError, RunError where the
/// disk fails.
void write_deployment(const std::string& folder, Model& model, const ModelExtras& extras, const Deployment& deployment);
/// The same with a summary that tells more.
void write_deployment(const std::string& folder, Model& model, const ModelExtras& extras, const Deployment& deployment,
                      const nlohmann::json& summary);

}  // namespace hgq
