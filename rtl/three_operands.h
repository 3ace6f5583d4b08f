// Sums of three operands in place of two sums, for FPGAs whose carry chain can add three numbers at a cost of one
// lookup table for each bit (6-input tables with two outputs and a carry chain: the `xilinx` target).
//
//   s = a + b, t = s + c    becomes    t = a + b + c
//
// A sum goes into those that read it if all of them are sums of two and nothing else needs it; a sum of three goes into
// no other. Which do is chosen so that the fewest bits of chains are left: exactly for sums that are read once (a
// matching on trees, by dynamic programming), and by local search for those that are read more often, which then go
// into each of their readers.
//
//   const rtl::Circuit small = rtl::with_three_operands(circuit);
//   std::cout << rtl::adder_cells(small) << " cells instead of " << rtl::adder_cells(circuit) << "\n";
#pragma once

#include <cstdint>

#include "hgq/rtl/circuit.h"

namespace hgq::rtl {

/// The cells of a sum: those of its chain, and another for the second carry that a sum of three has.
int adder_cells(const Circuit& circuit, const Node& sum);
/// Of all sums.
int64_t adder_cells(const Circuit& circuit);

/// The circuit with sums of three where that saves cells, trimmed. All values stay as they are.
Circuit with_three_operands(const Circuit& circuit);

}  // namespace hgq::rtl
