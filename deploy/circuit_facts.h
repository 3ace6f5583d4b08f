// What the circuit of a proxy would take of an FPGA, without writing it: for a summary, a report, a front, and for
// training that aims at it.
//
//   Workers workers;
//   const CircuitFacts facts = circuit_facts(load_proxy("proxy.h5"), workers, {.softmax = RtlSoftmax::kLogits});
//   std::printf("%.0f LUT +- %.0f %%, %.1f ns\n", facts.luts, 100 * facts.lut_spread, facts.path_ns);
//   if (facts.latency_ns) std::printf("%.0f ns with registers\n", *facts.latency_ns);
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/proxy/model.h"
#include "hgq/rtl/estimate.h"
#include "hgq/rtl/to_rtl.h"

namespace hgq {

struct CircuitOptions {
  RtlSoftmax softmax = RtlSoftmax::kRefuse;
  double stage_delay = 5;  // ns; the clock of 200 MHz. 0: registers are not placed
};

/// Of the circuit that `hgq-train rtl` writes with the least effort of its solver for target `generic`, as estimated by
/// rtl::estimate(). Spreads are relative.
struct CircuitFacts {
  double luts = 0, lut_spread = 0;
  double adders = 0;
  double path_ns = 0;      // of logic without registers
  double stage_delay = 0;  // ns; of the options
  /// With registers, so that no stage takes longer than `stage_delay`; nothing if none can be so short.
  std::optional<int64_t> clocks;
  double ffs = 0, ff_spread = 0;
  std::optional<double> latency_ns;        // clocks times the stage delay
  std::vector<rtl::LayerEstimate> layers;  // without registers
};

/// Throws ConfigError or ShapeError if the proxy has no circuit, and says why.
CircuitFacts circuit_facts(ProxyModel proxy, Workers& workers, const CircuitOptions& options = {});

/// The facts, or why there are none.
struct CircuitOrReason {
  std::optional<CircuitFacts> facts;
  std::string reason;  // of ConfigError or ShapeError; empty if there are facts
};
CircuitOrReason circuit_facts_if_any(ProxyModel proxy, Workers& workers, const CircuitOptions& options = {});

}  // namespace hgq
