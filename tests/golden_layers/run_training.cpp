// Family training: whole runs, followed step by step; then traced, with the exact BOPs and the outputs of evaluation.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/layers/predict.h"
#include "hgq/layers/trace.h"
#include "hgq/optim/optimizer_config.h"
#include "hgq/optim/train_step.h"
#include "model_build.h"
#include "run_case.h"

namespace hgq::golden {
namespace {

using nlohmann::json;

Tensor vector_of(const std::vector<float>& values) {
  return Tensor(Shape{static_cast<int64_t>(values.size())}, values);
}

std::unique_ptr<Optimizer> optimizer_of(const json& config) {
  ErrorList errors;
  auto optimizer = make_optimizer(Node::from_json(named_form(config), "golden"), {}, errors);
  errors.throw_if_any();
  return optimizer;
}

void add_with_prefix(const Model& model, const std::string& prefix, bool records_only, Tensors& got) {
  Tensors values;
  add_values(model, prefix, values);
  for (auto& [name, value] : values) {
    if (!records_only || name.ends_with("/min") || name.ends_with("/max")) got.insert_or_assign(name, std::move(value));
  }
}

Tensors train(const GoldenCase& c, Workers& workers) {
  const json& config = c.json();
  Model model = build_model(c);
  const auto optimizer = optimizer_of(config.at("optimizer"));
  const Loss loss = config.at("loss") == "mse" ? mse() : sparse_categorical_crossentropy();
  TrainStep step(model, Objective{.losses = {loss}, .weights = {}, .metrics = {}}, *optimizer, workers);
  const ConstTensorView x = c.at("in/x").view();
  const ConstTensorView y = c.at("in/y").view();
  const auto rows = config.at("batch").get<int64_t>();
  const auto epochs = config.at("epochs").get<int64_t>();

  Tensors got;
  std::vector<float> task, total, free_bops, calibrated;
  for (int64_t epoch = 0; epoch < epochs; ++epoch) {
    for (int64_t b = 0; b < x.shape[0] / rows; ++b) {
      Batch batch;
      batch.use_views(1, rows, 2);
      batch.set_view(0, x.rows(b * rows, rows));
      batch.set_view(1, y.rows(b * rows, rows));
      step.forward(batch);
      step.backward();
      task.push_back(static_cast<float>(step.computation().task_loss()));
      total.push_back(static_cast<float>(step.loss()));
      step.update();
      if (task.size() == 1) add_with_prefix(model, "step1", false, got);
    }
    free_bops.push_back(static_cast<float>(step.bops()));
    if (config.at("calibrated_bops").get<bool>())
      calibrated.push_back(static_cast<float>(trace_minmax(model, x, workers).total));
    if (config.at("reset_minmax").get<bool>() && epoch + 1 < epochs) model.reset_records();
  }
  add_with_prefix(model, "final", false, got);
  got.emplace("out/task_loss", vector_of(task));
  got.emplace("out/total_loss", vector_of(total));
  got.emplace("out/epoch_bops", vector_of(free_bops));
  if (!calibrated.empty()) got.emplace("out/calibrated_bops", vector_of(calibrated));
  got.emplace("out/exact_bops", scalar(static_cast<float>(trace_minmax(model, x, workers).total)));
  got.emplace("out/eval_output", predict(model, x, workers));
  add_with_prefix(model, "traced", true, got);
  return got;
}

Rule training_rule(const GoldenCase& c, const std::string& dataset) {
  Rule rule{Rule::Scale::kPlusOne, 1e-4};
  if (dataset.starts_with("out/")) rule = {Rule::Scale::kLoss, 1e-5};
  if (dataset.ends_with("_bops")) rule = {Rule::Scale::kLargest, 1e-6};
  return own_tolerance(c, dataset, rule);
}

}  // namespace

Outcome run_training(const GoldenCase& c, Workers& workers) {
  Outcome outcome;
  const Tensors got = train(c, workers);
  outcome.problems = compare(
      c, got, {"out/", "step1/", "final/", "traced/"},
      [&](const std::string& dataset) { return training_rule(c, dataset); }, outcome.compared);
  // What the optimizer moves is what the package's did.
  Model model = build_model(c);
  std::vector<std::string> trainable;
  for (const Parameter* const p : model.parameters()) {
    if (p->trainable) trainable.push_back(p->name);
  }
  std::ranges::sort(trainable);
  auto want = c.json().at("trainable").get<std::vector<std::string>>();
  std::ranges::sort(want);
  ++outcome.compared;
  if (trainable != want)
    outcome.problems.push_back("trainable: got " + json(trainable).dump() + ", expected " + json(want).dump());
  return outcome;
}

}  // namespace hgq::golden
