// Circuits for tests of what is done with circuits, whatever they compute.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hgq/rtl/circuit.h"
#include "hgq/rtl/interpreter.h"

namespace hgq::rtl {

/// A port of one dimension.
Port sample_port(const std::string& name, const std::vector<Feature>& features);

/// A circuit of about `nodes` nodes of every kind but registers, in three layers, trimmed.
Circuit random_circuit(uint64_t seed, int nodes);

/// The same with sums that only one other sum reads made part of it, if `negative`, `positive` and the like allow it.
Circuit with_sums_of_three(const Circuit& circuit);

/// The same with registers: `latency` of them on each way.
Circuit with_registers(const Circuit& circuit, int latency, uint64_t seed);

/// A circuit that has nodes of each kind but registers for all small widths, signs and shifts of the two or three
/// inputs that each reads, each an output; one of `one_of` of about 6,000, chosen by the seed. Its only port has
/// features that are the lowest bits of three small numbers.
Circuit block_circuit(int one_of, uint64_t seed);
/// `count` nodes of random kinds that read random inputs of up to 10 bits, each an output; only sums of three if
/// `sums_of_three`.
Circuit wide_blocks(uint64_t seed, int count, bool sums_of_three);

/// All values of the three numbers, as mantissas of its features.
PortValues block_inputs(const Circuit& circuit, int64_t& rows);

/// Random bits for all input ports.
std::vector<PortValues> random_inputs(const Circuit& circuit, int64_t rows, uint64_t seed);

}  // namespace hgq::rtl
