// A model against its proxy on data: what the verify command and the end of a run report.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "hgq/core/parallel.h"
#include "hgq/layers/model.h"
#include "hgq/layers/proxy/verify.h"

namespace hgq {

/// `inputs` in the order of the model's, already scaled. The proxy's predictions are given back where `predictions` is
/// set.
VerifyReport verify_proxy(Model& model, const ProxyModel& proxy, std::span<const ConstTensorView> inputs,
                          Workers& workers, std::vector<Tensor>* predictions = nullptr);

/// {rows, rows_differ, rows_differ_without_overflow, rows_with_overflow, overflows: {LAYER: n}}.
nlohmann::json to_json(const VerifyReport& report);
/// A few lines for people.
std::string describe(const VerifyReport& report);

}  // namespace hgq
