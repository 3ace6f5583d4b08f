#include "hgq/layers/predict.h"

#include <algorithm>

#include "hgq/core/error.h"

namespace hgq {

Predictor::Predictor(Model& model, Workers& workers, Mode mode, int64_t block_rows)
    : model_(model), block_rows_(block_rows) {
  recording_ = model.record(tape_, mode);
  for (const Signal& output : recording_.outputs) tape_.keep(output.value);
  executor_ = std::make_unique<Executor>(tape_, workers, ExecutorOptions{.gradients = false});
}

void Predictor::run_block(std::span<const ConstTensorView> inputs) { executor_->forward(inputs); }

ConstTensorView Predictor::output(size_t index) const { return executor_->rows_of(recording_.outputs[index].value); }

std::vector<Tensor> Predictor::run(std::span<const ConstTensorView> inputs) {
  HGQ_CHECK(inputs.size() == model_.inputs().size(), ShapeError, "the model has ", model_.inputs().size(),
            " inputs, there are data for ", inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Model::Entry& input = model_.entry(model_.inputs()[i]);
    const Shape& shape = inputs[i].shape;
    HGQ_CHECK(shape.rank() > 0 && shape.without_front() == input.shape, ShapeError, "input '", input.name,
              "': data have shape ", shape, ", expected rows of shape ", input.shape);
    HGQ_CHECK(shape[0] == inputs[0].shape[0], ShapeError, "input '", input.name, "' has ", shape[0], " rows, input '",
              model_.entry(model_.inputs()[0]).name, "' ", inputs[0].shape[0]);
  }
  const int64_t rows = inputs[0].shape[0];
  std::vector<Tensor> outputs;
  for (const Signal& output : recording_.outputs) outputs.emplace_back(output.value.shape().with_front(rows));
  std::vector<ConstTensorView> block;
  for (int64_t first = 0; first < rows; first += block_rows_) {
    const int64_t count = std::min(block_rows_, rows - first);
    block.clear();
    for (const ConstTensorView& input : inputs) block.push_back(input.rows(first, count));
    run_block(block);
    for (size_t o = 0; o < outputs.size(); ++o)
      std::ranges::copy(output(o).values(), outputs[o].view().rows(first, count).data);
  }
  return outputs;
}

Tensor predict(Model& model, ConstTensorView x, Workers& workers) {
  HGQ_CHECK(model.inputs().size() == 1 && model.outputs().size() == 1, ShapeError,
            "predict() is for one input and one output, the model has ", model.inputs().size(), " and ",
            model.outputs().size(), "; use Predictor");
  Predictor predictor(model, workers);
  return std::move(predictor.run({&x, 1}).front());
}

std::vector<ConstTensorView> views_of(std::span<const Tensor> tensors) {
  std::vector<ConstTensorView> views;
  for (const Tensor& t : tensors) views.push_back(t.view());
  return views;
}

}  // namespace hgq
