// Compares a model with its proxy on data: which rows differ, why, and what to do about it.
//
//   const Verification found = verify_proxy(model, proxy, data, workers);
//   if (found.rows_unexplained() > 0) std::fputs(describe(found).c_str(), stderr);
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
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

/// A report with reasons and advice.
struct Verification {
  VerifyReport report;
  /// Rows that differ without overflow because an element without bits in the proxy is not 0 in the model.
  int64_t rows_differ_without_bits = 0;
  std::vector<Parting> partings;  // of the first rows that differ, at most five, those without overflow first
  /// A row that shows that the proxy is not that of the model (Parting::is_wrong): the first one among the first 64
  /// rows that rows_unexplained() counts, and as many of those that overflow.
  std::optional<Parting> wrong;
  RangeAdvice advice;  // from all rows; empty if no row overflows or differs
  bool wraps = false;  // whether any quantizer of the proxy wraps

  /// Rows that differ although all of their values lie within the traced ranges. A proxy that was made from this model
  /// has none, except where Parting::reason says why the two cannot be equal: float32 is too narrow, an average or a
  /// softmax is rounded, or a function is read from a table of hls4ml's own.
  int64_t rows_unexplained() const { return report.rows_differ_without_overflow - rows_differ_without_bits; }
};

/// Called with some rows of a data set and the predictions of the proxy for them: one array for each output, of shape
/// [rows, ...], valid during the call.
using PredictedBlock = std::function<void(const Batch& rows, std::span<const ConstTensorView> predictions)>;

/// The inputs of `data` are in the order of the model's. They are read in blocks of kPredictedRows rows, and those that
/// need an explanation once more. `each_block`, if given, is called once for each block, in order. The records of the
/// model are the same afterwards. Throws ShapeError if model, proxy and data do not fit each other, or if the proxy
/// cannot be emulated (proxy/emulator.h).
Verification verify_proxy(Model& model, const ProxyModel& proxy, const Dataset& data, Workers& workers,
                          const PredictedBlock& each_block = {});

/// {rows, rows_differ, rows_differ_without_overflow (without those of elements without bits),
/// rows_differ_without_bits, rows_with_overflow, overflows: {LAYER: n}, differences: [{row, layer, proxy_layer,
/// element, model, proxy, reason}], advice: [{layer, quantizer, low, high, traced_low, traced_high, more_bits,
/// needs_sign, cover_factor, text}], without_bits: [{layer, quantizer, elements, most, text}], cover_factor (the one
/// that holds all of these rows; 0: none does, or none is needed)}.
nlohmann::json to_json(const Verification& verification);
/// A few lines for the user: what was found, and what to do about it. `traced_with` is the cover factor of the trace, 0
/// if it is not known.
std::string describe(const Verification& verification, double traced_with = 0);
/// What is wrong with a proxy that has Verification::wrong, as the end of a message that names it: how many rows
/// differ, where one of them does, and why; empty if nothing is.
std::string what_is_wrong(const Verification& verification);

}  // namespace hgq
