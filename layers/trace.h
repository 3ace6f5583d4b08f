// trace_minmax: the ranges of all values on a data set, from which the widths of the firmware follow (quantization.md
// 3.1).
//
//   const TraceResult r = trace_minmax(model, x.view(), workers);
//   r.total;      // exact BOPs; r.layers has each layer's
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/data/dataset.h"
#include "hgq/layers/model.h"
#include "hgq/layers/predict.h"

namespace hgq {

struct TraceOptions {
  int64_t batch_size = kPredictedRows;
  double cover_factor = 1;  // widens each range about its centre; below 1 it cuts, which result.warning says
  bool reset = true;        // empty the records first
};

struct TraceResult {
  std::vector<ExactBops> layers;
  double total = 0;
  std::string warning;
};

/// Empties the records, runs the data in evaluation with recording, widens, sets what is known of softmax, sigmoid and
/// tanh.
TraceResult trace_minmax(Model& model, std::span<const Dataset* const> data, Workers& workers,
                         const TraceOptions& options = {});
TraceResult trace_minmax(Model& model, const Dataset& data, Workers& workers, const TraceOptions& options = {});
/// Arrays in the order of the model's inputs; and for one input.
TraceResult trace_minmax(Model& model, std::span<const ConstTensorView> inputs, Workers& workers,
                         const TraceOptions& options = {});
TraceResult trace_minmax(Model& model, ConstTensorView x, Workers& workers, const TraceOptions& options = {});
TraceResult trace_minmax(Model& model, ConstTensorView x);

}  // namespace hgq
