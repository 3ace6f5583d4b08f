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
#include <vector>

#include "hgq/autograd/executor.h"
#include "hgq/data/dataset.h"
#include "hgq/layers/model.h"
#include "hgq/optim/loss.h"
#include "hgq/optim/metric.h"
#include "hgq/optim/optimizer.h"

namespace hgq {

/// Mean of sample weights, summed in double.
double mean_of(std::span<const float> values);

/// What is wanted of a model: a loss for each output, and metrics.
struct Objective {
  std::vector<LossPtr> losses;     // one for each output, in their order
  std::vector<double> weights;     // of the losses; empty: all 1
  std::vector<MetricPtr> metrics;  // for each output they fit; sample weights do not count
  /// The same as weighted means, sum(w m) / sum(w); no AUC.
  std::vector<MetricPtr> weighted_metrics = {};

  /// What logs call a weighted metric: as Keras does "weighted_accuracy" where there is a plain "accuracy", too.
  std::string name_of_weighted(const Metric& metric) const;
  /// What an epoch is measured by, for outputs of these names: "loss"; for several outputs "OUTPUT_loss" of each; then
  /// the metrics, output by output, for several "OUTPUT_accuracy".
  std::vector<std::string> logged_names(std::span<const std::string> outputs) const;
};

/// Ordered names and numbers: "loss", "accuracy", "val_loss" ...
class Metrics {
 public:
  void set(const std::string& name, double value);
  /// nullptr where there is none.
  const double* find(const std::string& name) const;
  void clear() { entries_.clear(); }
  const std::vector<std::pair<std::string, double>>& entries() const { return entries_; }

 private:
  std::vector<std::pair<std::string, double>> entries_;
};

/// Means over an epoch so far, each batch weighed by its rows.
class EpochMeans {
 public:
  explicit EpochMeans(std::vector<std::string> names = {}) : names_(std::move(names)), sums_(names_.size(), 0.0) {}
  void add(size_t index, double value, int64_t rows) { sums_[index] += value * static_cast<double>(rows); }
  void add_rows(int64_t rows) { rows_ += rows; }
  double mean(size_t index) const { return rows_ == 0 ? 0.0 : sums_[index] / static_cast<double>(rows_); }
  void clear();
  const std::vector<std::string>& names() const { return names_; }
  // For checkpoints: the sums, then the rows.
  std::vector<double> state() const;
  /// Throws FileError where the state is not one after `rows` rows.
  void restore(const std::vector<double>& state, int64_t rows);

 private:
  std::vector<std::string> names_;
  std::vector<double> sums_;
  int64_t rows_ = 0;
};

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
  double task_loss() const;
  double bops() const;
  double bops_of(const std::string& layer) const;

  /// Means over the batches since start_epoch(): "loss"; for several outputs "OUTPUT_loss" of each, without its loss
  /// weight; then metrics. Each batch counts by its rows, also where samples have weights, as in Keras.
  void start_epoch();
  void add_batch();
  Metrics epoch_metrics(const std::string& prefix = "") const;
  const EpochMeans& means() const { return means_; }
  const std::vector<EpochRows>& epoch_rows() const { return rows_of_metrics_; }
  /// Goes on within an epoch, after `rows` rows, from what means().state() and epoch_rows() were then. Throws FileError
  /// where they cannot have been that.
  void resume_epoch(const std::vector<double>& means, std::vector<EpochRows> of_metrics, int64_t rows);
  const Executor& executor() const { return *executor_; }
  const ModelRecording& recording() const { return recording_; }

 private:
  struct RecordedMetric {
    Var value;  // invalid where `metric` needs all rows
    size_t output = 0;
    MetricPtr metric{};  // of those; shared with the objective
    size_t rows = 0;     // index into rows_of_metrics_
    bool sparse = false;
    std::string name;
    size_t weight_mean = 0;  // of a weighted metric: index of the mean of the weights into means_
  };
  /// Records and plans for batches with these sample weights; keeps what an epoch has summed up.
  void record(std::span<const ConstTensorView> weights);
  void record_output(size_t output);
  void record_metric(size_t output, const MetricPtr& metric, bool weighted, Var target, Var weights);
  bool fits(std::span<const ConstTensorView> weights) const;
  /// Over the rows and places of an output; 1 where there are no weights.
  double mean_weight(size_t output) const;

  Model& model_;
  Objective objective_;
  Mode mode_;
  Workers& workers_;
  uint64_t seed_;
  std::unique_ptr<Tape> tape_;
  ModelRecording recording_;
  std::vector<Var> targets_, sample_weights_, task_losses_;
  std::vector<double> weights_;  // of the losses
  std::vector<RecordedMetric> metrics_;
  std::vector<EpochRows> rows_of_metrics_;
  std::unique_ptr<Executor> executor_;
  std::vector<ConstTensorView> views_;
  EpochMeans means_;
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
