// Losses and metrics of predictions that come from elsewhere, for example from the proxy of a model, with the same
// arithmetic as those of the model itself (Evaluation in optim/train_step.h).
//
//   PredictionEvaluation evaluation(model, objective, workers);
//   for (const Batch& batch : data.batches(kPredictedRows)) evaluation.add(batch, views_of(emulator.run(batch.inputs()).outputs));
//   evaluation.metrics().find("accuracy");
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hgq/autograd/executor.h"
#include "hgq/data/dataset.h"
#include "hgq/layers/model.h"
#include "hgq/optim/measures.h"

namespace hgq {

/// An output whose predictions are evaluated.
struct EvaluatedOutput {
  std::string name;
  Shape shape;           // of a sample
  std::string function;  // as Layer::output_function
};

/// Those of a model.
std::vector<EvaluatedOutput> evaluated_outputs(const Model& model);

class PredictionEvaluation {
 public:
  /// The predictions have shapes, names and output functions of the outputs of the model, which is not used after the
  /// call. The workers must outlive this. Throws ShapeError or ConfigError if losses or metrics do not fit the outputs.
  PredictionEvaluation(const Model& model, const Objective& objective, Workers& workers);

  PredictionEvaluation(std::vector<EvaluatedOutput> outputs, const Objective& objective, Workers& workers);

  /// Adds the predictions for the rows of a batch: one array for each output, of shape [rows, ...]. Throws ShapeError
  /// if they do not fit.
  void add(const Batch& batch, std::span<const ConstTensorView> predictions);
  /// Over all rows so far: "task_loss", the sum of the losses times their weights; if there are several outputs,
  /// "OUTPUT_loss" for each; then the metrics. BOPs and regularizers belong to the model, and are not in the loss.
  Metrics metrics() const { return measures_.epoch_metrics("", "task_loss"); }

 private:
  void record(std::span<const ConstTensorView> weights);

  std::vector<EvaluatedOutput> outputs_;
  Workers& workers_;
  Measures measures_;
  std::unique_ptr<Tape> tape_;
  std::unique_ptr<Executor> executor_;
  std::vector<ConstTensorView> views_;
};

}  // namespace hgq
