// A model against its proxy on data: what the verify command and the end of a run report.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/layers/model.h"
#include "hgq/layers/proxy/explain.h"
#include "hgq/layers/proxy/verify.h"

namespace hgq {

/// A report with its reasons.
struct Verification {
  VerifyReport report;
  std::vector<Parting> partings;       // of the first few rows that differ, those without overflow first
  std::vector<OverflowAdvice> advice;  // from the first rows with overflow
};

/// `inputs` in the order of the model's, already scaled. The proxy's predictions are given back where `predictions` is
/// set.
Verification verify_proxy(Model& model, const ProxyModel& proxy, std::span<const ConstTensorView> inputs,
                          Workers& workers, std::vector<Tensor>* predictions = nullptr);

/// {rows, rows_differ, rows_differ_without_overflow, rows_with_overflow, overflows: {LAYER: n}, differences: [{row,
/// layer, proxy_layer, element, model, proxy, reason}], advice: [{layer, quantizer, more_bits, needs_sign,
/// cover_factor}]}.
nlohmann::json to_json(const Verification& verification);
/// A few lines for people.
std::string describe(const Verification& verification);

}  // namespace hgq
