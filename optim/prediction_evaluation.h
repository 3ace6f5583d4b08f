// Losses and metrics of predictions that something else than the model has made, its proxy for example, with the same
// arithmetic as those of the model (Evaluation in optim/train_step.h).
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

class PredictionEvaluation {
 public:
  /// Predictions have the shapes of the model's outputs, which give them names and functions. The workers must outlive
  /// it. Throws ShapeError, ConfigError where losses or metrics do not fit the outputs.
  PredictionEvaluation(const Model& model, const Objective& objective, Workers& workers);

  /// `predictions`: of the batch's rows, an array for each output. Throws ShapeError where they do not fit.
  void add(const Batch& batch, std::span<const ConstTensorView> predictions);
  /// Of all rows so far: "task_loss", the weighted sum of the losses; for several outputs "OUTPUT_loss" of each;
  /// metrics. The loss has neither BOPs nor regularizers, which are the model's.
  Metrics metrics() const { return measures_.epoch_metrics("", "task_loss"); }

 private:
  struct Output {
    std::string name;
    Shape shape;  // of a sample
    std::string function;
  };
  void record(std::span<const ConstTensorView> weights);

  std::vector<Output> outputs_;
  Workers& workers_;
  Measures measures_;
  std::unique_ptr<Tape> tape_;
  std::unique_ptr<Executor> executor_;
  std::vector<ConstTensorView> views_;
};

}  // namespace hgq
