// What the circuit of a model would take of an FPGA, without writing one: for training that aims at it, and for a first
// look.
//
//   const Dataset& data = train;
//   const CircuitCost cost = circuit_cost(model, data, workers, {.softmax = RtlSoftmax::kLogits});
//   std::printf("%.0f LUT\n", cost.circuit.luts);
#pragma once

#include <string>
#include <string_view>

#include "hgq/core/parallel.h"
#include "hgq/data/dataset.h"
#include "hgq/deploy/circuit_facts.h"
#include "hgq/layers/model.h"
#include "hgq/layers/trace.h"
#include "hgq/proxy/model.h"

namespace hgq {

struct CircuitCostOptions {
  ProxyOptions proxy{};
  RtlSoftmax softmax = RtlSoftmax::kRefuse;
  TraceOptions trace{};
};

struct CircuitCost {
  CircuitFacts circuit;  // without registers
  double bops = 0;       // exact, with the same ranges
};

/// Traces the model on the data, makes its proxy and the circuit of this. The model is unchanged when this returns, its
/// ranges included; the result depends on model, data and options alone. Throws ConfigError if the model has no proxy,
/// or the proxy no circuit.
CircuitCost circuit_cost(Model& model, const Dataset& data, Workers& workers, const CircuitCostOptions& options = {});

/// Why a model has no circuit whatever its training gives, a line for each reason; empty if nothing is known against
/// it. The model is unchanged when this returns. `data` gives a few rows. `before` and `after` as for why_no_circuit().
std::string why_never_a_circuit(Model& model, const Dataset& data, const CircuitCostOptions& options,
                                std::string_view before, std::string_view after);

/// The layers for which there is no circuit with this setting for softmax, a line for each; empty if there are none.
/// `before` and `after` stand around the words of `softmax` in what to do: "`softmax: " and "`", "--softmax " and "".
std::string why_no_circuit(const ProxyModel& proxy, const std::string& softmax, std::string_view before,
                           std::string_view after);

}  // namespace hgq
