// The test bench of a design, which compares its outputs with those that are expected, and the rows for it.
//
// It applies one row at each clock and compares the outputs `latency` clocks later. With a clock enable it also stops
// the design every third clock, where a wrong row is applied that must not be seen. It ends with a line and an exit
// code of 0 or not:
//
//   PASSED 500 rows
//   FAILED: 3 of 500 rows differ
#pragma once

#include "hgq/rtl/hdl.h"
#include "hgq/rtl/hdl_design.h"

namespace hgq::rtl {

/// sim/NAME_tb.sv, with features of SystemVerilog for its exit code, or sim/NAME_tb.vhd.
SourceFile test_bench(const HdlDesign& design, HdlLanguage language);
/// The same, but it writes the outputs of all rows into sim/outputs.hex, in the form of rtl/hex_rows.h (with capital
/// digits in VHDL), for a program that compares them. It prints nothing.
SourceFile recording_test_bench(const HdlDesign& design, HdlLanguage language);

}  // namespace hgq::rtl
