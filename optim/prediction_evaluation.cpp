#include "hgq/optim/prediction_evaluation.h"

#include "hgq/core/error.h"

namespace hgq {

std::vector<EvaluatedOutput> evaluated_outputs(const Model& model) {
  std::vector<EvaluatedOutput> outputs;
  for (const int index : model.outputs()) {
    const Model::Entry& entry = model.entry(index);
    outputs.push_back(
        {entry.name, entry.shape, std::string(entry.layer == nullptr ? "" : entry.layer->output_function())});
  }
  return outputs;
}

PredictionEvaluation::PredictionEvaluation(const Model& model, const Objective& objective, Workers& workers)
    : PredictionEvaluation(evaluated_outputs(model), objective, workers) {}

PredictionEvaluation::PredictionEvaluation(std::vector<EvaluatedOutput> outputs, const Objective& objective,
                                           Workers& workers)
    : outputs_(std::move(outputs)), workers_(workers), measures_(objective.without_teacher()) {
  record({});
}

void PredictionEvaluation::record(std::span<const ConstTensorView> weights) {
  executor_.reset();
  tape_ = std::make_unique<Tape>();
  std::vector<MeasuredOutput> measured;
  for (const EvaluatedOutput& output : outputs_) {
    const Var prediction = tape_->input(concat("prediction of '", output.name, "'"), output.shape);
    measured.push_back({output.name, prediction, output.function});
  }
  measures_.record(*tape_, std::move(measured), weights);
  executor_ = std::make_unique<Executor>(*tape_, workers_, ExecutorOptions{.gradients = false});
}

void PredictionEvaluation::add(const Batch& batch, std::span<const ConstTensorView> predictions) {
  HGQ_CHECK(predictions.size() == outputs_.size() && measures_.fits_targets(batch.targets().size()), ShapeError,
            "there are predictions of ", predictions.size(), " outputs and ", batch.targets().size(),
            " targets, the model has ", outputs_.size(), " outputs");
  for (size_t o = 0; o < outputs_.size(); ++o) {
    HGQ_CHECK(predictions[o].shape == outputs_[o].shape.with_front(batch.rows()), ShapeError, "predictions of '",
              outputs_[o].name, "' have shape ", predictions[o].shape, ", expected ",
              outputs_[o].shape.with_front(batch.rows()));
  }
  if (executor_ == nullptr || !measures_.fits(batch.weights())) record(batch.weights());
  views_.assign(predictions.begin(), predictions.end());
  measures_.add_views(batch, views_);
  executor_->forward(views_);
  measures_.add_batch(*executor_, measures_.task_loss(*executor_));
}

}  // namespace hgq
