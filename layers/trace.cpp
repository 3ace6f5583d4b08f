#include "hgq/layers/trace.h"

#include <algorithm>

#include "hgq/core/error.h"
#include "hgq/layers/predict.h"

namespace hgq {
namespace {

TraceResult finish(Model& model, const TraceOptions& options) {
  TraceResult result;
  for (const Model::Entry& entry : model.entries()) {
    if (entry.layer == nullptr || !entry.is_first_call() || entry.layer->output_quantizer() == nullptr) continue;
    if (options.cover_factor != 1) entry.layer->output_quantizer()->widen_record(options.cover_factor);
    entry.layer->after_trace();
  }
  if (options.cover_factor < 1) {
    result.warning = concat("cover_factor ", options.cover_factor,
                            " is below 1: ranges are cut, values of these very data will overflow");
  }
  result.layers = model.exact_bops();
  for (const ExactBops& layer : result.layers) result.total += layer.bops;
  return result;
}

void begin(Model& model, const TraceOptions& options) {
  HGQ_CHECK(options.cover_factor > 0, ConfigError, "cover_factor is ", options.cover_factor,
            ", expected a number above 0");
  HGQ_CHECK(options.batch_size > 0, ConfigError, "batch_size is ", options.batch_size, ", expected at least 1");
  if (options.reset) model.reset_records();
}

}  // namespace

TraceResult trace_minmax(Model& model, std::span<const Dataset* const> data, Workers& workers,
                         const TraceOptions& options) {
  begin(model, options);
  Predictor predictor(model, workers, Mode::kTrace);
  for (const Dataset* const set : data) {
    Batches batches(*set, options.batch_size, &workers);
    for (const Batch& batch : batches) predictor.run_block(batch.inputs());
  }
  return finish(model, options);
}

TraceResult trace_minmax(Model& model, const Dataset& data, Workers& workers, const TraceOptions& options) {
  const Dataset* const one = &data;
  return trace_minmax(model, {&one, 1}, workers, options);
}

TraceResult trace_minmax(Model& model, std::span<const ConstTensorView> inputs, Workers& workers,
                         const TraceOptions& options) {
  HGQ_CHECK(inputs.size() == model.inputs().size(), ShapeError, "trace_minmax: the model has ", model.inputs().size(),
            " inputs, there are data for ", inputs.size());
  for (const ConstTensorView& input : inputs) {
    HGQ_CHECK(input.shape.rank() > 0 && input.shape[0] > 0 && input.shape[0] == inputs[0].shape[0], ShapeError,
              "trace_minmax: there are no data, or inputs with different numbers of rows");
  }
  begin(model, options);
  Predictor predictor(model, workers, Mode::kTrace);
  std::vector<ConstTensorView> block;
  for (int64_t first = 0; first < inputs[0].shape[0]; first += options.batch_size) {
    block.clear();
    for (const ConstTensorView& input : inputs)
      block.push_back(input.rows(first, std::min(options.batch_size, inputs[0].shape[0] - first)));
    predictor.run_block(block);
  }
  return finish(model, options);
}

TraceResult trace_minmax(Model& model, ConstTensorView x, Workers& workers, const TraceOptions& options) {
  return trace_minmax(model, std::span<const ConstTensorView>(&x, 1), workers, options);
}

TraceResult trace_minmax(Model& model, ConstTensorView x) {
  Workers workers;
  return trace_minmax(model, x, workers);
}

}  // namespace hgq
