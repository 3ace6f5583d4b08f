// One training step: forward, backward and update for a batch, on a tape that is recorded and planned once.
//
//   TrainStep step(model, sparse_categorical_crossentropy(), adam);
//   for (const Batch& batch : data.batches(512, seed)) {
//     step.forward(batch);     // loss = task + beta * BOPs + regularizers
//     step.backward();
//     step.update();
//   }
//
// If a batch has sample weights, they weight its losses (optim/loss.h). The tape is recorded and planned again for the
// first such batch, and whenever later batches have other kinds of weights, or none.
//
// Evaluation is the same without gradients. Both use a ModelComputation: a model with its losses and metrics on a tape.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hgq/autograd/executor.h"
#include "hgq/data/dataset.h"
#include "hgq/layers/model.h"
#include "hgq/optim/measures.h"
#include "hgq/optim/optimizer.h"

namespace hgq {

/// A model with losses and metrics, recorded on a tape for one mode.
class ModelComputation {
 public:
  /// Model and workers must outlive it; the objective is copied. Throws ShapeError or ConfigError if losses or metrics
  /// do not fit the outputs, or if a layer forgets one of its weights (layers/layer_checks.h).
  ModelComputation(Model& model, const Objective& objective, Mode mode, Workers& workers, uint64_t seed);

  /// Records and plans again, after layers were frozen (layers/freeze.h); keeps the sums of the epoch.
  void record_again() { record({}); }
  /// Computes all values; random numbers depend on the seed and `step`. The batch must live until backward() and
  /// add_batch(). Throws ShapeError if it does not fit the model.
  void forward(const Batch& batch, uint64_t step);
  void backward() { executor_->backward(); }
  /// Rows of the last batch.
  int64_t rows() const { return rows_; }
  // Of the last batch: task loss + beta * BOPs + regularizers; the task loss alone; the BOPs of all layers, and of one
  // (quantization.md 2.4).
  double loss() const { return static_cast<double>(executor_->loss()); }
  double task_loss() const { return measures_.task_loss(*executor_); }
  double bops() const;
  double bops_of(const std::string& layer) const;

  /// Means over the batches since start_epoch(), as Measures::epoch_metrics().
  void start_epoch() { measures_.start_epoch(); }
  void add_batch() { measures_.add_batch(*executor_, loss()); }
  Metrics epoch_metrics(const std::string& prefix = "") const { return measures_.epoch_metrics(prefix); }
  /// The sums of the epoch, which checkpoints keep.
  const Measures& measures() const { return measures_; }
  /// As Measures::resume_epoch().
  void resume_epoch(const std::vector<double>& means, std::vector<EpochRows> of_metrics, int64_t rows) {
    measures_.resume_epoch(means, std::move(of_metrics), rows);
  }
  const Executor& executor() const { return *executor_; }
  const Workers& workers() const { return workers_; }
  const ModelRecording& recording() const { return recording_; }

 private:
  /// Records and plans for batches with these sample weights; keeps the sums of the epoch.
  void record(std::span<const ConstTensorView> weights);

  Model& model_;
  Mode mode_;
  Workers& workers_;
  uint64_t seed_;
  std::unique_ptr<Tape> tape_;
  ModelRecording recording_;
  Measures measures_;
  std::unique_ptr<Executor> executor_;
  std::vector<ConstTensorView> views_;
  int64_t rows_ = 0;
};

class TrainStep {
 public:
  /// Model, optimizer and workers must outlive it; without workers it has its own. `seed` is that of random numbers in
  /// operations. Throws ShapeError or ConfigError if losses or metrics do not fit the outputs.
  TrainStep(Model& model, LossPtr loss, Optimizer& optimizer, uint64_t seed = 0);
  TrainStep(Model& model, const Objective& objective, Optimizer& optimizer, Workers& workers, uint64_t seed = 0);

  // In this order, for each batch; the batch must live until backward() has returned.
  void forward(const Batch& batch);
  void backward() { computation_->backward(); }
  void update();
  /// Does all three, and returns the loss.
  double run(const Batch& batch);

  // Of the last batch, before its update.
  double loss() const { return computation_->loss(); }
  double bops() const { return computation_->bops(); }
  ModelComputation& computation() { return *computation_; }
  Optimizer& optimizer() { return optimizer_; }
  Model& model() { return model_; }

 private:
  Model& model_;
  Optimizer& optimizer_;
  std::unique_ptr<Workers> own_workers_;
  std::unique_ptr<ModelComputation> computation_;
  std::vector<Parameter*> parameters_;
};

/// Loss and metrics of a model on a data set, with the arithmetic after training.
class Evaluation {
 public:
  /// Model and workers must outlive it. Throws ShapeError or ConfigError if losses or metrics do not fit the outputs.
  Evaluation(Model& model, const Objective& objective, Workers& workers);
  /// The values of Measures::epoch_metrics() for the whole data set. `prefix` is put in front of each name.
  Metrics run(const Dataset& data, int64_t batch_size, const std::string& prefix = "");
  /// The loss of the last run() without BOPs and regularizers: what PredictionEvaluation calls "task_loss".
  double task_loss() const { return task_loss_; }

 private:
  ModelComputation computation_;
  Workers& workers_;
  double task_loss_ = 0;
};

}  // namespace hgq
