// Predictions of a model in evaluation, for any number of rows.
//
//   Predictor predictor(model, workers);
//   const std::vector<Tensor> y = predictor.run({{x.view()}});      // one tensor per output, [rows, ...]
//   const Tensor y0 = predict(model, x.view(), workers);            // the short way, for one input and one output
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "hgq/autograd/executor.h"
#include "hgq/layers/model.h"

namespace hgq {

/// Rows that are predicted, traced or verified at once, where nothing else is said.
inline constexpr int64_t kPredictedRows = 16384;

class Predictor {
 public:
  /// `mode`: kEvaluate, or kTrace to record ranges as well. Model and workers must outlive it.
  Predictor(Model& model, Workers& workers, Mode mode = Mode::kEvaluate, int64_t block_rows = kPredictedRows);
  /// `inputs`: one array per input of the model, in order, each [rows, ...]. Throws ShapeError where they do not fit.
  std::vector<Tensor> run(std::span<const ConstTensorView> inputs);
  /// A block of at most any number of rows; the views are valid until the next call. In the order of the outputs.
  void run_block(std::span<const ConstTensorView> inputs);
  ConstTensorView output(size_t index) const;

 private:
  Model& model_;
  Tape tape_;
  ModelRecording recording_;
  std::unique_ptr<Executor> executor_;
  int64_t block_rows_;
};

/// Throws ShapeError for a model with several inputs or outputs.
Tensor predict(Model& model, ConstTensorView x, Workers& workers);

std::vector<ConstTensorView> views_of(std::span<const Tensor> tensors);

}  // namespace hgq
