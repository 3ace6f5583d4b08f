// An objective recorded for outputs on a tape, whether a model computes them there or they are given: losses, metrics,
// and their means over the batches of an epoch. The one place where predictions are evaluated.
//
//   Measures measures(objective);
//   measures.record(tape, {{.name = "out", .prediction = prediction, .function = "softmax"}}, {});
//   Executor executor(tape, workers, {.gradients = false});
//   std::vector<ConstTensorView> views(batch.inputs().begin(), batch.inputs().end());
//   measures.add_views(batch, views);
//   executor.forward(views);
//   measures.add_batch(executor, measures.task_loss(executor));
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/autograd/executor.h"
#include "hgq/data/dataset.h"
#include "hgq/optim/epoch_means.h"
#include "hgq/optim/objective.h"

namespace hgq {

/// An output whose values lie on a tape.
struct MeasuredOutput {
  std::string name;
  Var prediction;             // [batch, ...], Row
  std::string_view function;  // "softmax", "sigmoid", or another (Layer::output_function)
};

class Measures {
 public:
  explicit Measures(Objective objective) : objective_(std::move(objective)) {}

  /// Records inputs for targets and for sample weights of these shapes, then losses, which it adds to the tape's, and
  /// metrics. What an epoch has summed up stays, so a tape may be recorded anew within one; the outputs are the same
  /// each time. Throws ShapeError, ConfigError where losses, metrics or weights do not fit the outputs.
  void record(Tape& tape, std::vector<MeasuredOutput> outputs, std::span<const ConstTensorView> weights);
  /// Whether batches with these sample weights can be measured as it was recorded.
  bool fits(std::span<const ConstTensorView> weights) const;
  /// Appends the batch's targets and sample weights, which are the last inputs of the tape. They must stay until
  /// add_batch() is done.
  void add_views(const Batch& batch, std::vector<ConstTensorView>& views);

  /// The weighted sum of the losses in the executor's last batch.
  double task_loss(const Executor& executor) const;

  void start_epoch();
  /// Adds the executor's last batch; `loss` is what counts as its loss.
  void add_batch(const Executor& executor, double loss);
  /// Means over the batches since start_epoch(): the loss, called `loss`; for several outputs "OUTPUT_loss" of each,
  /// without its loss weight; then metrics. Each batch counts by its rows, also where samples have weights, as in
  /// Keras.
  Metrics epoch_metrics(const std::string& prefix = "", const std::string& loss = "loss") const;

  // For checkpoints: what an epoch has summed up.
  const EpochMeans& means() const { return means_; }
  const std::vector<EpochRows>& epoch_rows() const { return rows_of_metrics_; }
  /// Goes on within an epoch, after `rows` rows, from what means().state() and epoch_rows() were then. Throws FileError
  /// where they cannot have been that.
  void resume_epoch(const std::vector<double>& means, std::vector<EpochRows> of_metrics, int64_t rows);

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

  void record_output(Tape& tape, size_t output);
  void record_metric(Tape& tape, size_t output, const MetricPtr& metric, bool weighted);
  /// Of an output; invalid where there are none.
  Var weights_of(size_t output) const;
  /// Over the rows and places of an output; 1 where there are no weights.
  double mean_weight(size_t output) const;

  Objective objective_;
  std::vector<MeasuredOutput> outputs_;
  std::vector<Var> targets_, sample_weights_, task_losses_;
  std::vector<double> weights_;  // of the losses
  std::vector<RecordedMetric> metrics_;
  std::vector<EpochRows> rows_of_metrics_;
  EpochMeans means_;
  std::vector<ConstTensorView> target_views_, weight_views_;  // of the last batch
  int64_t rows_ = 0;                                          // of the last batch
};

}  // namespace hgq
