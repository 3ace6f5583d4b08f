// Predictions of a model for any number of rows, with the arithmetic after training.
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

/// How many rows are predicted, traced or verified at once by default.
inline constexpr int64_t kPredictedRows = 16384;

class Predictor {
 public:
  /// `mode` is kEvaluate, or kTrace to record ranges as well. Model and workers must outlive this. Inputs are computed
  /// in blocks of `block_rows` rows.
  Predictor(Model& model, Workers& workers, Mode mode = Mode::kEvaluate, int64_t block_rows = kPredictedRows);
  /// `inputs` has one array for each input of the model, in order, of shape [rows, ...]. Returns one array for each
  /// output, of shape [rows, ...]. Throws ShapeError if the inputs do not fit.
  std::vector<Tensor> run(std::span<const ConstTensorView> inputs);
  /// Computes all rows at once and copies nothing: output(i) is then a view of output i, valid until the next call.
  void run_block(std::span<const ConstTensorView> inputs);
  ConstTensorView output(size_t index) const;

 private:
  Model& model_;
  Tape tape_;
  ModelRecording recording_;
  std::unique_ptr<Executor> executor_;
  int64_t block_rows_;
};

/// The prediction of a model with one input and one output. Throws ShapeError if it has more.
Tensor predict(Model& model, ConstTensorView x, Workers& workers);

/// Views of tensors, valid as long as these.
std::vector<ConstTensorView> views_of(std::span<const Tensor> tensors);

}  // namespace hgq
