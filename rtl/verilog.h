// Modules as Verilog of 2005.
//
// A wire is declared where it is driven. Registers are driven in one block at the end of a module.
#pragma once

#include <string>

#include "hgq/rtl/hdl_module.h"

namespace hgq::rtl {

/// A module as the text of a file.
std::string verilog_text(const HdlModule& module);

/// The module `name` with a parameter WIDTH that adds a, b and c modulo 2^WIDTH in one carry chain, the last
/// `subtracted` of them subtracted: a LUT6_2 for each bit, a CARRY8 for each eight.
std::string verilog_adder_of_three(const std::string& name, int subtracted);

/// What LUT6_2 and CARRY8 do, for simulators.
std::string verilog_xilinx_cells();

}  // namespace hgq::rtl
