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

  /// How many targets of a batch are used: one for each output, and with a teacher another. Without one, a batch may
  /// have those of a teacher, too.
  size_t target_count() const { return objective_.losses.size() * (objective_.has_teacher() ? 2 : 1); }
  bool fits_targets(size_t count) const { return count == target_count() || count == 2 * objective_.losses.size(); }
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
    Var value;  // a Step scalar; invalid if the metric keeps sums, or needs all rows
    size_t output = 0;
    MetricPtr metric{};  // then; shared with the objective
    size_t rows = 0;     // if it needs all rows: its index into rows_of_metrics_
    TargetKind targets{};
    bool weighted = false;
    std::string function{};      // that makes the output, if it keeps sums
    Var prediction{}, target{};  // what it is measured of, if it is not recorded; kept for the whole batch
    std::string name;
    size_t weight_mean = 0;               // if it is weighted and recorded: the index into means_ of the mean weight
    size_t first_sum = 0, sum_count = 0;  // of the metric in means_, if it keeps sums
    bool needs_all_rows() const { return !value.valid() && sum_count == 0; }
    bool is_sparse() const { return targets == TargetKind::kClassNumbers; }
  };

  void record_output(Tape& tape, size_t output);
  void record_teacher(Tape& tape, size_t output, const OutputVars& vars);
  /// The sum of the losses of all outputs, times their weights: a Step scalar.
  Var weighted_sum(const std::vector<Var>& losses) const;
  /// A value of an output in the unit of its targets.
  Var in_unit_of_targets(Tape& tape, size_t output, Var value) const;
  void record_metric(Tape& tape, size_t output, const MetricPtr& metric, bool weighted);
  void name_sums();
  ConstTensorView targets_of(const RecordedMetric& m, const Executor& executor) const;
  void add_to_sums(const RecordedMetric& m, const Executor& executor);
  /// The sample weights of an output; invalid if there are none.
  Var weights_of(size_t output) const;
  /// The mean of the sample weights of the last batch for an output; 1 if there are none.
  double mean_weight(size_t output) const;

  Objective objective_;
  std::vector<MeasuredOutput> outputs_;
  std::vector<Var> targets_, teachers_, sample_weights_, task_losses_, distillation_losses_;
  std::vector<OutputVars> of_metrics_;  // prediction and target in the unit of the targets
  std::vector<double> weights_;         // of the losses
  std::vector<RecordedMetric> metrics_;
  std::vector<EpochRows> rows_of_metrics_;
  EpochMeans means_;
  std::vector<ConstTensorView> target_views_, weight_views_;  // of the last batch
  int64_t rows_ = 0;                                          // of the last batch
};

}  // namespace hgq
