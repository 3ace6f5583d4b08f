#include "hgq/deploy/circuit_facts.h"

#include <utility>

#include "hgq/core/error.h"
#include "hgq/rtl/delay.h"
#include "hgq/rtl/lowering.h"
#include "hgq/rtl/pipeline.h"

namespace hgq {

CircuitFacts circuit_facts(ProxyModel proxy, Workers& workers, const CircuitOptions& options) {
  std::vector<std::string> ignored;
  const RtlReference reference = rtl_reference(std::move(proxy), options.softmax, ignored);
  rtl::LoweringOptions lowering;
  lowering.argmax = reference.argmax;
  const rtl::Circuit circuit = rtl::lower(reference.proxy, lowering, workers).circuit;
  rtl::Estimate estimate = rtl::estimate(circuit);
  CircuitFacts facts;
  facts.luts = estimate.total.luts;
  facts.lut_spread = estimate.lut_spread;
  facts.adders = estimate.total.adders;
  facts.layers = std::move(estimate.layers);
  facts.path_ns = rtl::delays_of(circuit).longest;
  facts.stage_delay = options.stage_delay;
  if (!(options.stage_delay > 0)) return facts;
  try {
    const rtl::Circuit fast = rtl::pipelined(circuit, {.stage_delay = options.stage_delay});
    const rtl::Estimate with_registers = rtl::estimate(fast);
    facts.clocks = fast.latency;
    facts.ffs = with_registers.total.ffs;
    facts.ff_spread = with_registers.ff_spread;
    facts.latency_ns = static_cast<double>(fast.latency) * options.stage_delay;
  } catch (const ConfigError&) {  // a node alone takes longer than a stage
  }
  return facts;
}

CircuitOrReason circuit_facts_if_any(ProxyModel proxy, Workers& workers, const CircuitOptions& options) {
  CircuitOrReason found;
  try {
    found.facts = circuit_facts(std::move(proxy), workers, options);
  } catch (const ConfigError& e) {
    found.reason = e.what();
  } catch (const ShapeError& e) {
    found.reason = e.what();
  }
  return found;
}

}  // namespace hgq
