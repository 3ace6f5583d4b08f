// A model against its proxy on data: which rows differ, why, and what to do about it.
//
//   const Verification found = verify_proxy(model, proxy, data, workers);
//   if (found.rows_unexplained() > 0) std::fputs(describe(found).c_str(), stderr);
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/data/dataset.h"
#include "hgq/deploy/advice.h"
#include "hgq/deploy/explain.h"
#include "hgq/deploy/verify.h"
#include "hgq/layers/model.h"

namespace hgq {

/// A report with its reasons.
struct Verification {
  VerifyReport report;
  /// Rows that differ without overflow, but hold another value than 0 in an element without bits.
  int64_t rows_differ_without_bits = 0;
  std::vector<Parting> partings;  // of the first few rows that differ, those without overflow first
  RangeAdvice advice;             // of all rows; empty where no row overflows or differs
  bool wraps = false;             // the proxy has quantizers that wrap

  /// Rows that differ though all of their values lie within the ranges that were traced: what the proxy promises not to
  /// do.
  int64_t rows_unexplained() const { return report.rows_differ_without_overflow - rows_differ_without_bits; }
};

/// Some rows of a data set with the proxy's predictions of them, an array for each output.
using PredictedBlock = std::function<void(const Batch& rows, std::span<const ConstTensorView> predictions)>;

/// The inputs of `data` are in the order of the model's. They are read in blocks of kPredictedRows, some of them
/// several times. `each_block`, if given, is called once for each block, in order. Throws ShapeError where model, proxy
/// and data do not fit each other, ConfigError for a proxy that cannot be emulated.
Verification verify_proxy(Model& model, const ProxyModel& proxy, const Dataset& data, Workers& workers,
                          const PredictedBlock& each_block = {});

/// {rows, rows_differ, rows_differ_without_overflow (those of elements without bits not counted),
/// rows_differ_without_bits, rows_with_overflow, overflows: {LAYER: n}, differences: [{row, layer, proxy_layer,
/// element, model, proxy, reason}], advice: [{layer, quantizer, low, high, traced_low, traced_high, more_bits,
/// needs_sign, cover_factor, text}], without_bits: [{layer, quantizer, elements, most, text}], cover_factor (that holds
/// all of these rows; 0: none does, or none is needed)}.
nlohmann::json to_json(const Verification& verification);
/// A few lines for people: what was found, and what to do about it. `traced_with`: the cover factor of the trace; 0
/// where it is not known.
std::string describe(const Verification& verification, double traced_with = 0);

}  // namespace hgq
