// An objective recorded for outputs on a tape: losses, metrics, and their means over the batches of an epoch. The
// outputs may be computed by a model on the same tape, or be inputs of the tape. All evaluation of predictions is done
// here.
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

/// An output whose values are on a tape.
struct MeasuredOutput {
  std::string name;
  Var prediction;             // a Row value
  std::string_view function;  // "softmax", "sigmoid" or another, see Layer::output_function; read in record() only
};

class Measures {
 public:
  explicit Measures(Objective objective) : objective_(std::move(objective)) {}

  /// Records inputs for the targets, and for sample weights of the shapes of `weights`, [rows, ...]; then the losses,
  /// which it adds to those of the tape, and the metrics. It may be called again within an epoch, for another tape with
  /// the same outputs: the sums of the epoch are kept. Throws ShapeError or ConfigError if losses, metrics or weights
  /// do not fit the outputs.
  void record(Tape& tape, std::vector<MeasuredOutput> outputs, std::span<const ConstTensorView> weights);
  /// Whether batches with these sample weights fit what was recorded.
  bool fits(std::span<const ConstTensorView> weights) const;
  /// Appends views of the targets and sample weights of the batch, which are the last inputs of the tape. The batch
  /// must live until add_batch() has returned.
  void add_views(const Batch& batch, std::vector<ConstTensorView>& views);

  /// The sum of the losses of the last batch of the executor, times their weights.
  double task_loss(const Executor& executor) const;

  /// Empties the sums.
  void start_epoch();
  /// Adds the last batch of the executor. `loss` is the loss that counts for it.
  void add_batch(const Executor& executor, double loss);
  /// The means over the batches since start_epoch(): the loss, under the name `loss`; if there are several outputs,
  /// "OUTPUT_loss" for each, without its weight; then the metrics. `prefix` is put in front of each name. A batch
  /// counts by its rows, as in Keras, also if its samples have weights.
  Metrics epoch_metrics(const std::string& prefix = "", const std::string& loss = "loss") const;

  // The sums of an epoch, for checkpoints.
  const EpochMeans& means() const { return means_; }
  const std::vector<EpochRows>& epoch_rows() const { return rows_of_metrics_; }
  /// Continues an epoch after `rows` rows, with what means().state() and epoch_rows() were then. Throws FileError if
  /// they cannot be that.
  void resume_epoch(const std::vector<double>& means, std::vector<EpochRows> of_metrics, int64_t rows);

 private:
  struct RecordedMetric {
    Var value;  // a Step scalar; invalid if the metric needs all rows
    size_t output = 0;
    MetricPtr metric{};  // if it needs all rows; shared with the objective
    size_t rows = 0;     // then its index into rows_of_metrics_
    bool sparse = false;
    std::string name;
    size_t weight_mean = 0;  // of a weighted metric: the index into means_ of the mean of the weights
  };

  void record_output(Tape& tape, size_t output);
  void record_metric(Tape& tape, size_t output, const MetricPtr& metric, bool weighted);
  /// The sample weights of an output; invalid if there are none.
  Var weights_of(size_t output) const;
  /// The mean of the sample weights of the last batch for an output; 1 if there are none.
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
