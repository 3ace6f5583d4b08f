// Families layers, batchnorm and others: one call of a small model, with gradients in training, exact bits in
// evaluation.
#include <algorithm>
#include <cmath>

#include "golden_case.h"
#include "hgq/autograd/executor.h"
#include "hgq/core/error.h"
#include "hgq/core/fixed_point.h"
#include "hgq/layers/kernel_layer.h"

namespace hgq::golden {
namespace {

constexpr std::string_view kMoving = "moving_";

double largest_gradient(const GoldenCase& c) {
  double most = 0;
  for (const auto& [name, values] : c.data) {
    if (!name.starts_with("grad/")) continue;
    for (const float v : values.values()) most = std::max(most, std::abs(static_cast<double>(v)));
  }
  return most;
}

Rule rule_for(const GoldenCase& c, double gradient, const std::string& dataset) {
  double tolerance = 1e-5;
  const nlohmann::json special = c.config.value("tolerance", nlohmann::json::object());
  for (const auto& [prefix, value] : special.items()) {
    if (dataset.starts_with(prefix)) tolerance = value;
  }
  if (dataset.starts_with("grad/")) return {.tolerance = tolerance, .floor = 0.03 * gradient};
  if (dataset.starts_with("loss/")) return {.tolerance = tolerance, .floor = 1};
  if (dataset.find(kMoving) != std::string::npos) return {.tolerance = 1e-6};
  const bool power = c.config.at("training") && trains_with_power(c.config);
  if (power && (dataset.starts_with("out/") || dataset.starts_with("state/"))) return {.tolerance = 3e-7};
  return {.exact = true};
}

void compare_forward(const Model& model, const ModelRecording& recording, const Executor& executor,
                     Comparison& comparison) {
  double bops = 0;
  for (const Recording::Bops& b : recording.bops) {
    comparison.add("bops/" + b.layer, executor.value(b.value));
    bops += static_cast<double>(model.find(b.layer)->beta()->value.values()[0]) *
            static_cast<double>(executor.value(b.value).data[0]);
  }
  for (size_t e = 0; e < model.entries().size(); ++e) {
    const std::string& name = model.entries()[e].name;
    if (model.entries()[e].layer == nullptr) continue;
    comparison.add("out/" + name, executor.rows_of(recording.signals[e].value));
    if (recording.signals[e].bits.valid()) comparison.add("bits/" + name, executor.value(recording.signals[e].bits));
  }
  comparison.add("loss/task", static_cast<double>(executor.loss(executor.plan().tape().losses().size() - 1)));
  comparison.add("loss/total", static_cast<double>(executor.loss()));
  comparison.add("loss/bops", bops);
}

void compare_exact(const Model& model, Comparison& comparison) {
  std::vector<ExactBops> bops;
  const std::vector<ExactSignal> signals = model.exact_signals(bops);
  for (const ExactBops& b : bops) comparison.add("bops_exact/" + b.layer, b.bops);
  for (size_t e = 0; e < model.entries().size(); ++e) {
    const Model::Entry& entry = model.entries()[e];
    if (entry.layer == nullptr) continue;
    comparison.add("bits_exact/" + entry.name, signals[e].shape, signals[e].bits);
    auto* const layer = dynamic_cast<KernelLayer*>(entry.layer.get());
    if (layer == nullptr) continue;
    KernelLayer::Weights weights = layer->evaluated_weights();
    comparison.add("eval_kernel/" + entry.name, weights.kernel.view());
    if (!weights.bias.empty()) comparison.add("eval_bias/" + entry.name, weights.bias.view());
    for (float& v : weights.kernel.values()) v = static_cast<float>(significant_bits(v));
    comparison.add("kernel_bits_exact/" + entry.name, weights.kernel.view());
  }
}

std::vector<std::string> run(const GoldenCase& c, const Cut& cut) {
  const bool training = c.config.at("training");
  const bool record = c.config.at("record");
  HGQ_CHECK(!training || record, Error, "a training case that does not record");
  Model model = make_model(c);
  Tape tape;
  const Mode mode = training ? Mode::kTrain : record ? Mode::kTrace : Mode::kEvaluate;
  const ModelRecording recording = model.record(tape, mode, training);
  const Var y = recording.outputs.at(0).value;
  tape.add_loss(ops::sum(ops::multiply(y, tape.input("u", y.shape()))), "task");
  for (size_t e = 0; e < model.entries().size(); ++e) {
    if (model.entries()[e].layer != nullptr) tape.keep(recording.signals[e].value);
  }
  Workers workers(cut.threads);
  Executor executor(tape, workers, {.gradients = training, .all_parameters = true, .largest_chunk = cut.largest_chunk});
  std::vector<ConstTensorView> inputs;
  for (const nlohmann::json& input : c.config.at("inputs"))
    inputs.push_back(c.at("in/" + input.at("name").get<std::string>()).view());
  inputs.push_back(c.at("upstream").view());
  executor.forward(inputs);

  const double gradient = largest_gradient(c);
  const std::vector<std::string> prefixes{"out/",         "grad/",       "state/",
                                          "bits/",        "bits_exact/", "bops/",
                                          "bops_exact/",  "loss/",       "kernel_bits_exact/",
                                          "eval_kernel/", "eval_bias/"};
  Comparison comparison(c, prefixes, [&](const std::string& dataset) { return rule_for(c, gradient, dataset); });
  compare_forward(model, recording, executor, comparison);
  if (training) {
    executor.backward();
    for (size_t i = 0; i < recording.inputs.size(); ++i) {
      comparison.add("grad/" + model.entry(model.inputs()[i]).name, executor.input_gradient(recording.inputs[i]));
    }
    for (const Parameter* p : model.parameters()) comparison.add("grad/" + p->name, p->grad.view());
  }
  for (const Parameter* p : model.parameters()) comparison.add("state/" + p->name, p->value.view());
  for (const State* s : model.states()) comparison.add("state/" + s->name, s->value.view());
  if (!training) compare_exact(model, comparison);
  return comparison.differences();
}

}  // namespace

std::vector<std::string> run_model_case(const GoldenCase& c) {
  std::vector<std::string> lines;
  for (const Cut& cut : kCuts) {
    for (const std::string& line : run(c, cut)) lines.push_back(concat(line, " [chunks of ", cut.largest_chunk, "]"));
  }
  return lines;
}

}  // namespace hgq::golden
