#include "hgq/optim/train_step.h"

#include <algorithm>

#include "hgq/core/error.h"

namespace hgq {

void Metrics::set(const std::string& name, double value) {
  for (auto& [key, old] : entries_) {
    if (key == name) {
      old = value;
      return;
    }
  }
  entries_.emplace_back(name, value);
}

const double* Metrics::find(const std::string& name) const {
  for (const auto& [key, value] : entries_) {
    if (key == name) return &value;
  }
  return nullptr;
}

void EpochMeans::clear() {
  std::ranges::fill(sums_, 0.0);
  rows_ = 0;
}

std::vector<double> EpochMeans::state() const {
  std::vector<double> state = sums_;
  state.push_back(static_cast<double>(rows_));
  return state;
}

void EpochMeans::restore(const std::vector<double>& state) {
  HGQ_CHECK(state.size() == sums_.size() + 1, FileError, "the checkpoint holds ", state.size(),
            " sums of metrics, expected ", sums_.size() + 1);
  std::copy_n(state.begin(), sums_.size(), sums_.begin());
  rows_ = static_cast<int64_t>(state.back());
}

ModelComputation::ModelComputation(Model& model, const Objective& objective, Mode mode, Workers& workers, uint64_t seed)
    : model_(model) {
  recording_ = model.record(tape_, mode);
  record_objective(objective);
  std::vector<std::string> names{"loss"};
  for (const RecordedMetric& m : metrics_) names.push_back(m.name);
  means_ = EpochMeans(std::move(names));
  executor_ =
      std::make_unique<Executor>(tape_, workers, ExecutorOptions{.gradients = mode == Mode::kTrain, .seed = seed});
}

void ModelComputation::record_objective(const Objective& objective) {
  const size_t outputs = recording_.outputs.size();
  HGQ_CHECK(objective.losses.size() == outputs, ConfigError, "the model has ", outputs, " outputs, there are ",
            objective.losses.size(), " losses");
  std::vector<RecordedMetric> losses;  // of each output, as Keras shows them
  for (size_t o = 0; o < outputs; ++o) {
    const Model::Entry& entry = model_.entry(model_.outputs()[o]);
    const Loss& loss = objective.losses[o];
    const Var prediction = recording_.outputs[o].value;
    const Var target = tape_.input(concat("target of '", entry.name, "'"), loss.target_shape(prediction.shape()));
    targets_.push_back(target);
    const std::string_view function = entry.layer == nullptr ? "" : entry.layer->output_function();
    task_losses_.push_back(loss.record(prediction, target, function));
    weights_.push_back(objective.weights.empty() ? 1.0 : objective.weights[o]);
    tape_.add_loss(task_losses_.back(), concat(entry.name, "/", loss.name()), static_cast<float>(weights_.back()));
    if (outputs > 1)
      losses.push_back(
          {.value = task_losses_.back(), .output = o, .auc = 0, .sparse = false, .name = entry.name + "_loss"});
    for (const Metric& wanted : objective.metrics) {
      const Metric metric = wanted.resolved_for(loss);
      RecordedMetric m{.value = {},
                       .output = o,
                       .sparse = loss.target_kind() == TargetKind::kClassNumbers,
                       .name = (outputs > 1 ? entry.name + "_" : "") + metric.name};
      if (metric.needs_all_rows()) {
        tape_.keep(prediction);
        m.auc = auc_.size();
        auc_.emplace_back();
      } else {
        m.value = metric.record(prediction, target, function);
      }
      metrics_.push_back(std::move(m));
    }
  }
  metrics_.insert(metrics_.begin(), losses.begin(), losses.end());
}

void ModelComputation::forward(const Batch& batch, uint64_t step) {
  HGQ_CHECK(batch.inputs().size() == recording_.inputs.size() && batch.targets().size() == targets_.size(), ShapeError,
            "a batch has ", batch.inputs().size(), " inputs and ", batch.targets().size(), " targets, the model wants ",
            recording_.inputs.size(), " and ", targets_.size());
  rows_ = batch.rows();
  views_.clear();
  for (const ConstTensorView& view : batch.inputs()) views_.push_back(view);
  for (size_t o = 0; o < targets_.size(); ++o) {
    ConstTensorView view = batch.targets()[o];
    // [n] and [n, 1] are the same targets.
    const Shape wanted = targets_[o].shape().with_front(rows_);
    if (view.shape.size() == wanted.size()) view.shape = wanted;
    views_.push_back(view);
  }
  executor_->forward(views_, step);
}

double ModelComputation::task_loss() const {
  double total = 0;
  for (size_t o = 0; o < task_losses_.size(); ++o)
    total += weights_[o] * static_cast<double>(executor_->value(task_losses_[o]).data[0]);
  return total;
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

void ModelComputation::start_epoch() {
  means_.clear();
  for (AucRows& rows : auc_) rows.clear();
}

void ModelComputation::add_batch() {
  means_.add(0, loss(), rows_);
  for (size_t i = 0; i < metrics_.size(); ++i) {
    const RecordedMetric& m = metrics_[i];
    if (m.value.valid()) {
      means_.add(i + 1, static_cast<double>(executor_->value(m.value).data[0]), rows_);
    } else {
      auc_[m.auc].add(executor_->rows_of(recording_.outputs[m.output].value),
                      views_[recording_.inputs.size() + m.output], m.sparse);
    }
  }
  means_.add_rows(rows_);
}

Metrics ModelComputation::epoch_metrics(const std::string& prefix) const {
  Metrics metrics;
  metrics.set(prefix + "loss", means_.mean(0));
  for (size_t i = 0; i < metrics_.size(); ++i) {
    metrics.set(prefix + metrics_[i].name,
                metrics_[i].value.valid() ? means_.mean(i + 1) : auc_[metrics_[i].auc].value());
  }
  return metrics;
}

TrainStep::TrainStep(Model& model, const Loss& loss, Optimizer& optimizer, uint64_t seed)
    : model_(model), optimizer_(optimizer), own_workers_(std::make_unique<Workers>()) {
  computation_ = std::make_unique<ModelComputation>(model, Objective{.losses = {loss}, .weights = {}, .metrics = {}},
                                                    Mode::kTrain, *own_workers_, seed);
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

void TrainStep::update() { optimizer_.update(parameters_); }

double TrainStep::run(const Batch& batch) {
  forward(batch);
  backward();
  update();
  return loss();
}

Evaluation::Evaluation(Model& model, const Objective& objective, Workers& workers)
    : computation_(model, objective, Mode::kEvaluate, workers, 0), workers_(workers) {}

Metrics Evaluation::run(const Dataset& data, int64_t batch_size, const std::string& prefix) {
  Batches batches(data, batch_size, &workers_);
  computation_.start_epoch();
  for (const Batch& batch : batches) {
    computation_.forward(batch, 0);
    computation_.add_batch();
  }
  return computation_.epoch_metrics(prefix);
}

}  // namespace hgq
