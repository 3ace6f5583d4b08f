// Sums of three operands in place of two sums, for FPGAs whose carry chain can add three numbers at a cost of one
// lookup table for each bit (6-input tables with two outputs and a carry chain: the `xilinx` target).
//
//   s = a + b, t = s + c    becomes    t = a + b + c
//
// A sum that only one other reads is a part of it. Together they are one sum of many terms, which is added up anew with
// as few cells as can be found (rtl/sum_tree.h), no deeper than it was. A sum that several read goes into all of them
// if they need fewer cells more than it has.
//
//   const rtl::Circuit small = rtl::with_three_operands(circuit);
//   std::printf("%ld cells instead of %ld\n", rtl::adder_cells(small), rtl::adder_cells(circuit));
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
