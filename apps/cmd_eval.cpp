// hgq-train eval: loss and metrics of a model, or of a proxy, for the rows of a file, and a report of its predictions.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "hgq/apps/command_data.h"
#include "hgq/apps/commands.h"
#include "hgq/apps/output_file.h"
#include "hgq/core/error.h"
#include "hgq/data/atomic_file.h"
#include "hgq/deploy/evaluation_report.h"
#include "hgq/deploy/files.h"
#include "hgq/deploy/proxy_outputs.h"
#include "hgq/deploy/trained_model.h"
#include "hgq/layers/predict.h"
#include "hgq/proxy/emulator.h"

namespace hgq {
namespace {

/// The objective of the file, changed by --loss and --metrics.
Objective objective_of(const EvalCommand& command, const ModelExtras& extras, size_t outputs,
                       const Registry& registry) {
  Objective objective = extras.objective;
  ErrorList errors;
  if (!command.loss.empty()) {
    objective = {
        .losses = {outputs, make_loss(Node::from_yaml(command.loss, "--loss", errors), registry.losses, errors)},
        .weights = {},
        .metrics = {}};
  }
  if (!command.metrics.empty()) {
    objective = {.losses = objective.losses, .weights = objective.weights};
    const Node metrics = Node::from_yaml(concat("[", command.metrics, "]"), "--metrics", errors);
    for (const Node& metric : metrics.items())
      objective.metrics.push_back(make_metric(metric, registry.metrics, errors));
  }
  errors.throw_if_any();
  objective.target_scaling = extras.target_scaling;
  HGQ_CHECK(!objective.losses.empty() || extras.unknown_objective.empty(), ConfigError, extras.unknown_objective,
            "; evaluate it with the program that trained it, or give --loss and --metrics");
  HGQ_CHECK(!objective.losses.empty(), ConfigError, command.model,
            ": does not say with which loss it was trained; give --loss");
  HGQ_CHECK(objective.losses.size() == outputs, FileError, command.model, ": has ", objective.losses.size(),
            " losses for ", outputs, " outputs; give --loss");
  return objective;
}

std::vector<OutputSpec> specs_of(const std::vector<EvaluatedOutput>& outputs, const Objective& objective) {
  std::vector<OutputSpec> specs;
  for (size_t o = 0; o < outputs.size(); ++o)
    specs.push_back({outputs[o].name, outputs[o].shape, objective.losses[o]->target_kind()});
  return specs;
}

int print(const EvalCommand& command, const Metrics& metrics, const EvaluationReport& report) {
  std::vector<OutputReport> outputs;
  if (!command.out.empty()) {
    outputs = report.outputs();
    write_file_atomically(command.out, to_json(outputs, metrics).dump(1) + "\n");
    std::cerr << command.out << ": the report\n";
  }
  if (command.json) {
    nlohmann::json json;
    for (const auto& [name, value] : metrics.entries()) json[name] = value;
    std::cout << json.dump(1) << "\n";
    return kExitDone;
  }
  for (const auto& [name, value] : metrics.entries()) std::cout << fmt::format("{} {:.6g}\n", name, value);
  std::cout << describe(outputs);
  return kExitDone;
}

int eval_proxy(const EvalCommand& command, const ProxyModel& proxy, ModelExtras extras, const Registry& registry) {
  const Emulator emulator(proxy);
  const std::vector<EvaluatedOutput> outputs = proxy_outputs(proxy, emulator, extras);
  extras.objective = objective_of(command, extras, outputs.size(), registry);
  std::vector<FieldSpec> inputs;
  for (const int i : proxy.inputs()) inputs.push_back({proxy.layer(i).name(), emulator.signal(i).shape});
  const std::unique_ptr<Dataset> data =
      load_command_data(command, extras, inputs, specs_of(outputs, extras.objective), command.sample_weights);
  Workers workers(command.threads);
  PredictionEvaluation evaluation(outputs, extras.objective, workers);
  EvaluationReport report(outputs, extras);
  for (const Batch& batch : data->batches(kPredictedRows)) {
    const std::vector<Tensor> predictions = emulator.run(batch.inputs(), &workers).outputs;
    evaluation.add(batch, views_of(predictions));
    if (!command.out.empty()) report.add(batch, views_of(predictions));
  }
  return print(command, evaluation.metrics(), report);
}

}  // namespace

int run_eval(const EvalCommand& command, const Registry& registry) {
  check_output(command.out_option, command.out, {command.model});
  ModelExtras of_proxy;
  const ReadGroup read = [&](const h5::Group& hgq) { of_proxy = read_extras(hgq, registry); };
  if (const auto proxy = load_if_proxy(command.model, registry, read))
    return eval_proxy(command, *proxy, std::move(of_proxy), registry);
  LoadedModel loaded = load_model_with_extras(command.model, registry);
  const std::vector<EvaluatedOutput> outputs = evaluated_outputs(loaded.model);
  loaded.extras.objective = objective_of(command, loaded.extras, outputs.size(), registry);
  const std::unique_ptr<Dataset> data =
      load_command_data(command, loaded.extras, inputs_of(loaded.model), specs_of(outputs, loaded.extras.objective),
                        command.sample_weights);
  Workers workers(command.threads);
  const Metrics metrics = Evaluation(loaded.model, loaded.extras.objective, workers).run(*data, kPredictedRows);
  EvaluationReport report(outputs, loaded.extras);
  if (!command.out.empty()) {
    Predictor predictor(loaded.model, workers);
    for (const Batch& batch : data->batches(kPredictedRows)) report.add(batch, views_of(predictor.run(batch.inputs())));
  }
  return print(command, metrics, report);
}

}  // namespace hgq
