// The test bench of a design, which compares its outputs with those that are expected, and the rows for it.
//
// It applies one row at each clock and compares the outputs `latency` clocks later. With a clock enable it also stops
// the design every third clock, where a wrong row is applied that must not be seen. It ends with a line and an exit
// code of 0 or not:
//
//   PASSED 500 rows
//   FAILED: 3 of 500 rows differ
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hgq/rtl/hdl.h"
#include "hgq/rtl/hdl_design.h"

namespace hgq::rtl {

/// sim/NAME_tb.sv, with features of SystemVerilog for its exit code, or sim/NAME_tb.vhd.
SourceFile test_bench(const HdlDesign& design, HdlLanguage language);
/// The same, but it writes the outputs of all rows into sim/outputs.hex, in the form of hex_rows() (with capital digits
/// in VHDL), for a program that compares them. It prints nothing.
SourceFile recording_test_bench(const HdlDesign& design, HdlLanguage language);

/// One line for each row: all features beside each other, the first in the lowest bits, as words of 64 bits in
/// hexadecimal digits, the highest word first.
std::string hex_rows(const Circuit& circuit, const std::vector<Port>& ports, std::span<const PortValues> values,
                     int64_t rows);

}  // namespace hgq::rtl
