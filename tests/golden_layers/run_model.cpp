// Families layers, batchnorm, others: one step of a small model, each layer's output, bits and BOPs, all gradients, and
// in evaluation the exact bits.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "hgq/autograd/executor.h"
#include "hgq/core/error.h"
#include "hgq/core/fixed_point.h"
#include "hgq/layers/kernel_layer.h"
#include "model_build.h"
#include "run_case.h"

namespace hgq::golden {
namespace {

Mode mode_of(const GoldenCase& c) {
  if (c.json().at("training").get<bool>()) return Mode::kTrain;
  return c.json().at("record").get<bool>() ? Mode::kTrace : Mode::kEvaluate;
}

/// A quantizer that trains with scale 2^f: what it gives depends on the last bit of the power function.
bool has_inexact_scale(const GoldenCase& c) {
  if (!c.json().at("training").get<bool>()) return false;
  return std::ranges::any_of(c.json().at("layers"), [](const nlohmann::json& layer) {
    const auto inexact = [&](const char* q) {
      return layer.contains(q) && !layer.at(q).at("exact_q_value").get<bool>();
    };
    return inexact("kq") || inexact("paq");
  });
}

Rule rule_for(const GoldenCase& c, const std::string& dataset) {
  constexpr double kSums = 1e-5;     // float32 sums in any order
  constexpr double kMoving = 1e-6;   // moving statistics
  constexpr double kPower = 2.4e-7;  // 1 ulp of 2^f, and one of the quotient
  const auto begins = [&](const char* prefix) { return dataset.starts_with(prefix); };
  Rule rule;
  if (begins("grad/")) rule = {Rule::Scale::kGradient, kSums};
  if (begins("loss/")) rule = {Rule::Scale::kLoss, kSums};
  if (begins("state/") && dataset.find("/moving_") != std::string::npos) rule = {Rule::Scale::kLargest, kMoving};
  if ((begins("out/") || begins("state/")) && rule.scale == Rule::Scale::kExact && has_inexact_scale(c)) {
    rule = {Rule::Scale::kLargest, kPower};
  }
  return own_tolerance(c, dataset, rule);
}

void add_exact(const Model& model, Tensors& got) {
  std::vector<ExactBops> bops;
  const std::vector<ExactSignal> signals = model.exact_signals(bops);
  for (size_t i = 0; i < signals.size(); ++i) {
    if (!signals[i].bits.empty()) {
      got.emplace("bits_exact/" + model.entries()[i].name, Tensor(signals[i].shape, signals[i].bits));
    }
  }
  for (const ExactBops& b : bops) got.emplace("bops_exact/" + b.layer, scalar(static_cast<float>(b.bops)));
  for (const Model::Entry& entry : model.entries()) {
    auto* const layer = dynamic_cast<KernelLayer*>(entry.layer.get());
    if (layer == nullptr) continue;
    KernelLayer::Weights weights = layer->evaluated_weights();
    Tensor bits = weights.kernel.clone();
    for (float& v : bits.values()) v = static_cast<float>(significant_bits(v));
    got.emplace("kernel_bits_exact/" + entry.name, std::move(bits));
    got.emplace("eval_kernel/" + entry.name, std::move(weights.kernel));
    if (!weights.bias.empty()) got.emplace("eval_bias/" + entry.name, std::move(weights.bias));
  }
}

Tensors compute(const GoldenCase& c, Workers& workers, const ExecutorOptions& wanted) {
  Model model = build_model(c);
  const Mode mode = mode_of(c);
  Tape tape;
  const ModelRecording recording = model.record(tape, mode, mode == Mode::kTrain);
  for (size_t i = 0; i < recording.signals.size(); ++i) {
    if (model.entries()[i].layer != nullptr) tape.keep(recording.signals[i].value);
  }
  const Var output = recording.signals.back().value;
  const Var upstream = tape.input("upstream", output.shape());
  tape.add_loss(ops::sum(ops::multiply(output, upstream)), "task");

  ExecutorOptions options = wanted;
  options.gradients = mode == Mode::kTrain;
  options.all_parameters = true;
  Executor executor(tape, workers, options);
  std::vector<ConstTensorView> inputs;
  for (const int i : model.inputs()) inputs.push_back(c.at("in/" + model.entry(i).name).view());
  inputs.push_back(c.at("upstream").view());
  executor.forward(inputs);
  if (options.gradients) executor.backward();

  Tensors got;
  for (size_t i = 0; i < recording.signals.size(); ++i) {
    const Model::Entry& entry = model.entries()[i];
    const Signal& signal = recording.signals[i];
    if (entry.layer == nullptr) {
      if (options.gradients) got.emplace("grad/" + entry.name, copy_of(executor.input_gradient(signal.value)));
      continue;
    }
    got.emplace("out/" + entry.name, copy_of(executor.rows_of(signal.value)));
    if (signal.bits.valid()) got.emplace("bits/" + entry.name, copy_of(executor.value(signal.bits)));
  }
  for (const Recording::Bops& b : recording.bops) got.emplace("bops/" + b.layer, copy_of(executor.value(b.value)));
  float weighted_bops = 0;
  for (size_t i = 0; i < tape.losses().size(); ++i) {
    if (tape.losses()[i].name.ends_with("/bops")) weighted_bops += executor.loss(i);
  }
  got.emplace("loss/task", scalar(executor.loss(tape.losses().size() - 1)));
  got.emplace("loss/bops", scalar(weighted_bops));
  got.emplace("loss/total", scalar(executor.loss()));
  for (const Parameter* const p : model.parameters()) got.emplace("grad/" + p->name, p->grad.clone());
  add_values(model, "state", got);
  if (mode != Mode::kTrain && model.is_traced()) add_exact(model, got);
  return got;
}

}  // namespace

Outcome run_model(const GoldenCase& c, Workers& workers) {
  static const std::vector<std::string> kResults{"out/",         "grad/",       "state/",
                                                 "bits/",        "bits_exact/", "bops/",
                                                 "bops_exact/",  "loss/",       "kernel_bits_exact/",
                                                 "eval_kernel/", "eval_bias/"};
  const Rules rules = [&](const std::string& dataset) { return rule_for(c, dataset); };
  Outcome outcome;
  outcome.problems = compare(c, compute(c, workers, {}), kResults, rules, outcome.compared);
  // The same in chunks of two rows on three lanes, so that sums over lanes and chunks are among what is compared.
  const Tensors cut = compute(c, workers, {.largest_chunk = 2, .lanes = 3});
  for (const std::string& p : compare(c, cut, kResults, rules, outcome.compared)) {
    outcome.problems.push_back("in chunks of 2 rows: " + p);
  }
  return outcome;
}

}  // namespace hgq::golden
