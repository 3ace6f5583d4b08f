// Rows for proving a circuit: what goes in, and what the emulator says must come out.
//
//   const ProxyModel proxy = load_proxy("proxy.h5");
//   const rtl::Lowered lowered = rtl::lower(proxy, {}, workers);
//   const std::vector<Tensor> rows = rtl::random_inputs(proxy, lowered, 1000, 1);
//   const rtl::Stimuli stimuli = rtl::stimuli_for(proxy, lowered, std::vector<ConstTensorView>{rows[0].view()}, workers);
//   rtl::check_values(lowered.circuit, stimuli, workers);
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/core/tensor.h"
#include "hgq/proxy/model.h"
#include "hgq/rtl/lowering.h"

namespace hgq::rtl {

struct Stimuli {
  int64_t rows = 0;
  std::vector<PortValues> inputs;   // of each input port of the circuit
  std::vector<PortValues> outputs;  // of each output port, from the emulator
  int64_t rows_with_overflow = 0;
};

/// `proxy` is the one that was lowered. Throws as Emulator::run(), and ConfigError if an output has more than 53 bits.
Stimuli stimuli_for(const ProxyModel& proxy, const Lowered& lowered, std::span<const ConstTensorView> inputs,
                    Workers& workers);

/// Random rows for the inputs of the proxy, finer than their types; each fourth row goes up to a quarter beyond the
/// ends of these.
std::vector<Tensor> random_inputs(const ProxyModel& proxy, const Lowered& lowered, int64_t rows, uint64_t seed);

/// Throws Error, which is a fault of this library, if the circuit gives another value for any row.
void check_values(const Circuit& circuit, const Stimuli& stimuli, Workers& workers);

}  // namespace hgq::rtl
