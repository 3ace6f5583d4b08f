// One batch: forward, backward, update, on a tape that is recorded and planned once.
//
//   TrainStep step(model, sparse_categorical_crossentropy(), adam);
//   for (const Batch& batch : data.batches(512, seed)) {
//     step.forward(batch);     // loss = task + beta * BOPs + regularizers
//     step.backward();
//     step.update();
//   }
//
// A batch with sample weights has its losses weighted (optim/loss.h). The tape is recorded and planned anew when the
// first such batch comes, and again where later batches have none.
//
// Evaluation is the same without gradients. Both are a ModelComputation: a model with its losses and metrics on a tape.
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

/// A model with losses and metrics, recorded for a mode.
class ModelComputation {
 public:
  /// All must outlive it. Throws ShapeError, ConfigError where losses or metrics do not fit the outputs.
  ModelComputation(Model& model, const Objective& objective, Mode mode, Workers& workers, uint64_t seed);

  void forward(const Batch& batch, uint64_t step);
  void backward() { executor_->backward(); }
  int64_t rows() const { return rows_; }
  /// Task loss + BOPs + regularizers; the task loss alone; the sum of all layers' BOPs (quantization.md 2.4: FreeBOPs).
  double loss() const { return static_cast<double>(executor_->loss()); }
  double task_loss() const { return measures_.task_loss(*executor_); }
  double bops() const;
  double bops_of(const std::string& layer) const;

  /// Means over the batches since start_epoch(), as Measures::epoch_metrics().
  void start_epoch() { measures_.start_epoch(); }
  void add_batch() { measures_.add_batch(*executor_, loss()); }
  Metrics epoch_metrics(const std::string& prefix = "") const { return measures_.epoch_metrics(prefix); }
  /// With what a checkpoint keeps of an epoch.
  const Measures& measures() const { return measures_; }
  /// As Measures::resume_epoch().
  void resume_epoch(const std::vector<double>& means, std::vector<EpochRows> of_metrics, int64_t rows) {
    measures_.resume_epoch(means, std::move(of_metrics), rows);
  }
  const Executor& executor() const { return *executor_; }
  const ModelRecording& recording() const { return recording_; }

 private:
  /// Records and plans for batches with these sample weights; keeps what an epoch has summed up.
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
  /// Model, optimizer, and workers (default: a team of its own) must outlive it.
  TrainStep(Model& model, LossPtr loss, Optimizer& optimizer, uint64_t seed = 0);
  TrainStep(Model& model, const Objective& objective, Optimizer& optimizer, Workers& workers, uint64_t seed = 0);

  void forward(const Batch& batch);
  void backward() { computation_->backward(); }
  void update();
  /// The three together; the loss.
  double run(const Batch& batch);

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

/// Loss and metrics of a model on a dataset, in evaluation.
class Evaluation {
 public:
  Evaluation(Model& model, const Objective& objective, Workers& workers);
  /// "loss", metrics, each with `prefix` in front.
  Metrics run(const Dataset& data, int64_t batch_size, const std::string& prefix = "");

 private:
  ModelComputation computation_;
  Workers& workers_;
};

}  // namespace hgq
