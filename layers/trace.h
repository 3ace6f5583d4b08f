// trace_minmax: finds the ranges of all values of a model on data, from which the types of the firmware follow
// (quantization.md 3.1).
//
//   const TraceResult r = trace_minmax(model, x.view(), workers);
//   r.total;      // exact BOPs; r.layers has those of each layer
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
  double cover_factor = 1;  // by which each range is widened about its centre; below 1 there is a warning
  bool reset = true;        // whether the records are emptied first
};

struct TraceResult {
  std::vector<ExactBops> layers;  // exact BOPs of each call of a layer (quantization.md 2.4)
  double total = 0;               // their sum
  std::string warning;            // for the user; empty if there is none
};

/// Empties the records, evaluates the model on all data and records the ranges, widens them, and sets the ranges that
/// are known for softmax, sigmoid and tanh. Throws ShapeError if the data do not fit, ConfigError if weights or bit
/// widths are such as no hardware can have.
TraceResult trace_minmax(Model& model, std::span<const Dataset* const> data, Workers& workers,
                         const TraceOptions& options = {});
TraceResult trace_minmax(Model& model, const Dataset& data, Workers& workers, const TraceOptions& options = {});
/// The same for arrays of shape [rows, ...] in the order of the model's inputs, and for a model with one input.
TraceResult trace_minmax(Model& model, std::span<const ConstTensorView> inputs, Workers& workers,
                         const TraceOptions& options = {});
TraceResult trace_minmax(Model& model, ConstTensorView x, Workers& workers, const TraceOptions& options = {});
TraceResult trace_minmax(Model& model, ConstTensorView x);

}  // namespace hgq
