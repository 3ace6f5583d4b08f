#include "hgq/deploy/circuit_cost.h"

#include <algorithm>

#include "hgq/core/error.h"
#include "hgq/deploy/convert.h"
#include "hgq/layers/model_state.h"
#include "hgq/rtl/lowering.h"

namespace hgq {

CircuitCost circuit_cost(Model& model, const Dataset& data, Workers& workers, const CircuitCostOptions& options) {
  ModelState trial(model);
  const ModelState::Exchange ranges_of_its_own(trial, model);
  CircuitCost cost;
  cost.bops = trace_minmax(model, data, workers, options.trace).total;
  cost.circuit =
      circuit_facts(to_proxy_model(model, options.proxy), workers, {.softmax = options.softmax, .stage_delay = 0});
  return cost;
}

std::string why_never_a_circuit(Model& model, const Dataset& data, const CircuitCostOptions& options,
                                std::string_view before, std::string_view after) {
  constexpr int64_t kRows = 4;
  std::string text;
  for (const std::string& reason : model.what_cannot_be_exported(options.proxy))
    text += (text.empty() ? "" : "\n") + reason;
  if (!text.empty()) return text;
  ModelState trial(model);
  const ModelState::Exchange ranges_of_its_own(trial, model);
  Workers alone(1);
  Batch rows;
  data.slice(0, std::min(kRows, data.size()), rows);
  try {
    trace_minmax(model, rows.inputs(), alone, {.batch_size = kRows});
    return why_no_circuit(to_proxy_model(model, options.proxy), std::string(to_string(options.softmax)), before, after);
  } catch (const ConfigError&) {  // of a model that is not trained yet
    return "";
  }
}

std::string why_no_circuit(const ProxyModel& proxy, const std::string& softmax, std::string_view before,
                           std::string_view after) {
  std::string text;
  for (const rtl::LayerWithoutCircuit& layer : rtl::layers_without_circuit(proxy)) {
    if (layer.is_softmax_at_output && softmax != to_string(RtlSoftmax::kRefuse)) continue;
    text += (text.empty() ? "" : "\n") + layer.message;
    if (layer.is_softmax_at_output)
      text += concat("; ", before, to_string(RtlSoftmax::kLogits), after,
                     " makes its inputs, which have the same order, the output, and ", before,
                     to_string(RtlSoftmax::kArgmax), after, " the index of the largest");
  }
  return text;
}

}  // namespace hgq
