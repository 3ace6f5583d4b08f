// Constraints and scripts of a design: synthesis by Vivado, Quartus and yosys, simulation by Verilator, Icarus Verilog
// or GHDL.
#pragma once

#include <string>
#include <vector>

#include "hgq/rtl/hdl.h"
#include "hgq/rtl/hdl_design.h"

namespace hgq::rtl {

/// Of the design whose sources are `sources`, in the order in which they are to be read. Throws ConfigError if an
/// option is not usable.
std::vector<SourceFile> project_files(const HdlDesign& design, const HdlOptions& options,
                                      const std::vector<std::string>& sources);

}  // namespace hgq::rtl
