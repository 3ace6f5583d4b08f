// Registers for a circuit, so that its clock can be fast: every clock takes a new row of inputs, and its outputs come
// `latency` clocks later.
//
// Latency N means N registers on each way from an input to an output, N stages of logic with a register behind each:
// inputs come from registers outside, outputs leave registers. (Where inputs are to be registered inside too, that is
// one clock more: `register_inputs`.) Latency 0 is a combinational circuit. Registers are placed where they need the
// fewest bits; see rtl/stages.h.
//
//   const rtl::Circuit fast = rtl::pipelined(circuit, {.latency = 4});
//   const rtl::Circuit also = rtl::pipelined(circuit, {.stage_delay = 4, .model = rtl::DelayModel::adder_levels()});
//   std::cout << also.latency << " clocks, " << rtl::register_bits(also) << " bits\n";
#pragma once

#include <cstdint>
#include <optional>

#include "hgq/rtl/circuit.h"
#include "hgq/rtl/delay.h"

namespace hgq::rtl {

struct PipelineOptions {
  /// Clocks. Without a stage delay, stages are as fast as so many can be.
  std::optional<int> latency{};
  /// The most that a stage may take, in the unit of the model, a register's own time not included. Without a latency,
  /// there are as few stages as possible.
  std::optional<double> stage_delay{};
  bool register_inputs = false;
  DelayModel model{};
};

/// The circuit with registers, trimmed. Throws ConfigError if the options cannot be met: a node takes longer than the
/// stage delay, or the latency is too short for it. Throws Error if it has registers already.
Circuit pipelined(const Circuit& circuit, const PipelineOptions& options);

int64_t register_bits(const Circuit& circuit);

/// Throws Error unless every way from an input to a node has the same number of registers, and to an output `latency`.
/// What depends on constants alone needs none.
void check_pipeline(const Circuit& circuit);

}  // namespace hgq::rtl
