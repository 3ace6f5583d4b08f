// Modules as VHDL of 2008, with ieee.numeric_std alone.
//
// Wires are unsigned vectors; the ports of the tops are std_logic_vector.
#pragma once

#include <string>

#include "hgq/rtl/hdl_module.h"

namespace hgq::rtl {

/// A module, an entity with its architecture, as the text of a file.
std::string vhdl_text(const HdlModule& module);

/// The entity `name` with a generic WIDTH that adds a, b and c modulo 2^WIDTH in one carry chain, the last
/// `subtracted` of them subtracted: a LUT6_2 for each bit, a CARRY8 for each eight.
std::string vhdl_adder_of_three(const std::string& name, int subtracted);

/// What LUT6_2 and CARRY8 do, for simulators: package vcomponents and its entities, for library unisim.
std::string vhdl_xilinx_cells();

}  // namespace hgq::rtl
