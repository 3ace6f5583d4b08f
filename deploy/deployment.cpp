#include "hgq/deploy/deployment.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/core/finite.h"
#include "hgq/core/printable.h"
#include "hgq/core/system_file.h"
#include "hgq/data/atomic_file.h"
#include "hgq/deploy/convert.h"
#include "hgq/deploy/scaling_file.h"
#include "hgq/deploy/trained_model.h"
#include "hgq/layers/predict.h"
#include "hgq/optim/prediction_evaluation.h"
#include "hgq/optim/train_step.h"

namespace hgq {
namespace {

using Json = nlohmann::json;

const Dataset* set_named(const DeploySets& sets, const std::string& name) {
  HGQ_CHECK(name == "train" || name == "validation" || name == "test", ConfigError, "deploy: the data to trace on are ",
            printable(name), ", expected train, validation or test");
  if (name == "train") return sets.train;
  return name == "validation" ? sets.validation : sets.test;
}

const Dataset& tested_set(const DeploySets& sets, std::string& name) {
  for (const char* const candidate : {"test", "validation", "train"}) {
    name = candidate;
    if (const Dataset* const set = set_named(sets, name); set != nullptr) return *set;
  }
  throw ConfigError("deploy: there is no data set; give one to trace on, and to verify on");
}

std::string what_is_not_finite(const Model& model) {
  for (const Parameter* const p : model.parameters()) {
    if (!all_finite(p->value.values()))
      return concat("'", p->name, "' holds values that are not finite: the training went astray");
  }
  return "";
}

/// Bits per layer, and a warning that names the layers whose values have no bits at all.
void add_bits(const Model& model, Deployment& done) {
  std::vector<std::string> collapsed;
  std::vector<ExactBops> bops;
  const std::vector<ExactSignal> signals = model.exact_signals(bops);
  for (size_t i = 0; i < signals.size(); ++i) {
    const std::vector<float>& bits = signals[i].bits;
    if (bits.empty()) continue;
    const Model::Entry& entry = model.entries()[i];
    double total = 0;
    for (const float b : bits) total += static_cast<double>(b);
    done.bits_per_layer.emplace_back(entry.name, total / static_cast<double>(bits.size()));
    const bool quantizes = entry.layer != nullptr && entry.layer->output_quantizer() != nullptr;
    if (quantizes && std::ranges::all_of(bits, [](float b) { return b <= 0; })) collapsed.push_back(entry.name);
  }
  if (collapsed.empty()) return;
  done.warnings.push_back(
      concat("no value of layer ", quoted_names(collapsed),
             " has any bits, so the output there is 0 for every row; a smaller beta, or fewer epochs with it, leaves "
             "more"));
}

void export_and_verify(Model& model, const Objective& objective, const Dataset& tested, Workers& workers,
                       const ProxyOptions& options, Deployment& done) {
  ProxyModel proxy = to_proxy_model(model, options);
  PredictionEvaluation evaluation(model, objective, workers);
  done.verification =
      verify_proxy(model, proxy, tested, workers,
                   [&](const Batch& batch, std::span<const ConstTensorView> rows) { evaluation.add(batch, rows); });
  done.proxy_metrics = evaluation.metrics();
  done.proxy = std::move(proxy);
}

Json to_json(const Metrics& metrics) {
  Json json;
  for (const auto& [name, value] : metrics.entries()) json[name] = value;
  return json;
}

}  // namespace

Deployment deploy(Model& model, const Objective& objective, const DeploySets& sets, Workers& workers,
                  const DeployOptions& options) {
  Deployment done;
  const Dataset& tested = tested_set(sets, done.tested_on);
  std::vector<const Dataset*> traced;
  for (const std::string& name : options.traced) {
    if (const Dataset* const set = set_named(sets, name); set != nullptr) traced.push_back(set);
  }
  done.refused = what_is_not_finite(model);
  if (!done.refused.empty()) return done;
  try {
    done.trace = trace_minmax(model, traced, workers, options.trace);
  } catch (const ConfigError& e) {  // bit widths or weights that no hardware can have
    done.refused = e.what();
    return done;
  }
  if (!done.trace->warning.empty()) done.warnings.push_back(done.trace->warning);
  add_bits(model, done);
  done.rows = tested.size();
  Evaluation evaluation(model, objective, workers);
  done.model_metrics = evaluation.run(tested, kPredictedRows);
  done.model_metrics.set("task_loss", evaluation.task_loss());
  try {
    export_and_verify(model, objective, tested, workers, options.proxy, done);
  } catch (const ConfigError& e) {
    done.refused = e.what();
  } catch (const ShapeError& e) {
    done.refused = e.what();
  }
  return done;
}

Json summary_of(const Deployment& deployment) {
  Json summary;
  if (!deployment.refused.empty()) summary["not_exported"] = deployment.refused;
  if (!deployment.trace) return summary;
  summary["bops"] = deployment.trace->total;
  for (const ExactBops& b : deployment.trace->layers) summary["bops_per_layer"][b.layer] = b.bops;
  for (const auto& [layer, bits] : deployment.bits_per_layer) summary["bits_per_layer"][layer] = bits;
  summary["tested_on"] = deployment.tested_on;
  summary["rows"] = deployment.rows;
  summary["model"] = to_json(deployment.model_metrics);
  if (!deployment.proxy) return summary;
  summary["notes"] = deployment.proxy->notes();
  summary["verify"] = to_json(*deployment.verification);
  if (deployment.verification->wrong) summary["proxy_is_wrong"] = what_is_wrong(*deployment.verification);
  summary["proxy"] = to_json(deployment.proxy_metrics);
  return summary;
}

void write_deployment(const std::string& folder, Model& model, const ModelExtras& extras,
                      const Deployment& deployment) {
  write_deployment(folder, model, extras, deployment, summary_of(deployment));
}

void write_deployment(const std::string& folder, Model& model, const ModelExtras& extras, const Deployment& deployment,
                      const Json& summary) {
  const std::filesystem::path path(folder);
  make_folder(folder);
  const std::string proxy = (path / "proxy.h5").string();
  const std::string scaling = (path / "scaling.csv").string();
  const std::string output_scaling = (path / "output_scaling.csv").string();
  const std::string scales = scaling_csv(input_names(model), extras.scaling);
  const std::string output_scales = output_scaling_csv(output_names(model), extras.target_scaling);
  const auto remove_outdated = [&](const std::string& file) {  // that of an earlier model
    if (!std::filesystem::exists(file)) return;
    remove_file(file);
    force_folder_to_disk(folder);
  };
  if (!deployment.proxy) remove_outdated(proxy);
  if (scales.empty()) remove_outdated(scaling);
  if (output_scales.empty()) remove_outdated(output_scaling);
  save_model_with_extras(model, extras, (path / "model.h5").string());
  if (deployment.proxy) save_proxy_with_extras(*deployment.proxy, model, extras, proxy);
  if (!scales.empty()) write_file_atomically(scaling, scales);
  if (!output_scales.empty()) write_file_atomically(output_scaling, output_scales);
  write_file_atomically((path / "summary.json").string(), summary.dump(1) + "\n");
}

}  // namespace hgq
