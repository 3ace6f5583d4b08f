#include "hgq/optim/train_step.h"

#include <utility>

#include "hgq/core/error.h"
#include "hgq/core/profile.h"
#include "hgq/layers/layer_checks.h"

namespace hgq {

ModelComputation::ModelComputation(Model& model, const Objective& objective, Mode mode, Workers& workers, uint64_t seed)
    : model_(model), mode_(mode), workers_(workers), seed_(seed), measures_(objective) {
  record({});
}

void ModelComputation::record(std::span<const ConstTensorView> weights) {
  executor_.reset();
  tape_ = std::make_unique<Tape>();
  recording_ = model_.record(*tape_, mode_);
  check_layers(model_, *tape_, recording_);
  std::vector<MeasuredOutput> outputs;
  for (size_t o = 0; o < recording_.outputs.size(); ++o) {
    const Model::Entry& entry = model_.entry(model_.outputs()[o]);
    outputs.push_back({entry.name, recording_.outputs[o].value,
                       entry.layer == nullptr ? std::string_view() : entry.layer->output_function()});
  }
  measures_.record(*tape_, std::move(outputs), weights);
  executor_ =
      std::make_unique<Executor>(*tape_, workers_, ExecutorOptions{.gradients = mode_ == Mode::kTrain, .seed = seed_});
}

void ModelComputation::forward(const Batch& batch, uint64_t step) {
  HGQ_CHECK(batch.inputs().size() == recording_.inputs.size() && measures_.fits_targets(batch.targets().size()),
            ShapeError, "a batch has ", batch.inputs().size(), " inputs and ", batch.targets().size(),
            " targets, the model wants ", recording_.inputs.size(), " and ", measures_.target_count());
  if (executor_ == nullptr || !measures_.fits(batch.weights())) record(batch.weights());
  rows_ = batch.rows();
  views_.assign(batch.inputs().begin(), batch.inputs().end());
  measures_.add_views(batch, views_);
  executor_->forward(views_, step);
}

double ModelComputation::bops() const {
  double total = 0;
  for (const Recording::Bops& b : recording_.bops) total += static_cast<double>(executor_->value(b.value).data[0]);
  return total;
}

double ModelComputation::bops_of(const std::string& layer) const {
  for (const Recording::Bops& b : recording_.bops) {
    if (b.layer == layer) return static_cast<double>(executor_->value(b.value).data[0]);
  }
  return 0;
}

TrainStep::TrainStep(Model& model, LossPtr loss, Optimizer& optimizer, uint64_t seed)
    : model_(model), optimizer_(optimizer), own_workers_(std::make_unique<Workers>()) {
  computation_ = std::make_unique<ModelComputation>(
      model, Objective{.losses = {std::move(loss)}, .weights = {}, .metrics = {}}, Mode::kTrain, *own_workers_, seed);
  parameters_ = model.parameters();
  optimizer_.build(parameters_);
}

TrainStep::TrainStep(Model& model, const Objective& objective, Optimizer& optimizer, Workers& workers, uint64_t seed)
    : model_(model), optimizer_(optimizer) {
  computation_ = std::make_unique<ModelComputation>(model, objective, Mode::kTrain, workers, seed);
  parameters_ = model.parameters();
  optimizer_.build(parameters_);
}

void TrainStep::forward(const Batch& batch) {
  computation_->forward(batch, static_cast<uint64_t>(optimizer_.iterations()));
}

void TrainStep::update() {
  const PhaseTimer timer(computation_->workers().profile(), "optimizer");
  optimizer_.update(parameters_);
}

double TrainStep::run(const Batch& batch) {
  forward(batch);
  backward();
  update();
  return loss();
}

Evaluation::Evaluation(Model& model, const Objective& objective, Workers& workers)
    : computation_(model, objective.without_teacher(), Mode::kEvaluate, workers, 0), workers_(workers) {}

Metrics Evaluation::run(const Dataset& data, int64_t batch_size, const std::string& prefix) {
  Batches batches(data, batch_size, &workers_);
  computation_.start_epoch();
  EpochMeans task({"task_loss"});
  for (const Batch& batch : batches) {
    computation_.forward(batch, 0);
    computation_.add_batch();
    task.add(0, computation_.task_loss(), batch.rows());
    task.add_rows(batch.rows());
  }
  task_loss_ = task.mean(0);
  return computation_.epoch_metrics(prefix);
}

}  // namespace hgq
