// A circuit as a folder of Verilog or VHDL, with a test bench and scripts.
//
//   const rtl::HdlOptions options{.target = rtl::HdlTarget::kXilinx, .clock_period_ns = 2.5};
//   for (const rtl::SourceFile& file : rtl::write_hdl(circuit, options)) std::puts(file.path.c_str());
//
// The folder, for a circuit that is called NAME:
//
//   src/NAME.v             all inputs in one vector, all outputs in another: the first feature in the lowest bits
//   src/NAME_ports.v       the same with a port for each feature
//   src/NAME_LAYER.v       one for each layer
//   src/NAME_add3_*.v      sums of three operands in LUT6_2 and CARRY8, only for kXilinx
//   sim/NAME_tb.sv         a test bench that compares outputs with expected ones
//   sim/inputs.hex, sim/expected.hex                    its rows: vector_files()
//   sim/xilinx_cells.v     what LUT6_2 and CARRY8 do, only for simulation
//   constraints/NAME.xdc, NAME.sdc
//   scripts/vivado.tcl, quartus.tcl, yosys_xilinx.ys, yosys_generic.ys        synthesis alone, out of context
//   simulate.sh            compiles and runs the test bench: PASSED N rows; `simulate.sh lint` asks Verilator
//
// In VHDL the sources end in .vhd and there are no scripts for yosys, which does not read it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/rtl/circuit.h"
#include "hgq/rtl/interpreter.h"

namespace hgq::rtl {

enum class HdlLanguage : uint8_t { kVerilog, kVhdl };

enum class HdlTarget : uint8_t {
  kGeneric,  // operators only
  kXilinx,   // sums of three operands as cells of UltraScale and UltraScale+
};

/// The words for them in options, configs and reports: "verilog", "vhdl"; "generic", "xilinx".
std::string_view to_string(HdlLanguage language);
std::string_view to_string(HdlTarget target);
std::vector<std::string> hdl_language_names();
std::vector<std::string> hdl_target_names();
/// nullopt for any other word.
std::optional<HdlLanguage> hdl_language_named(std::string_view name);
std::optional<HdlTarget> hdl_target_named(std::string_view name);

/// What a period of the clock may be, in nanoseconds.
inline constexpr double kLeastClockPeriod = 0.01;
inline constexpr double kMostClockPeriod = 1e6;

/// Whether it can be the name of an FPGA, as in "xcu250-figd2104-2L-e": up to 100 letters, digits, and - _ ., of which
/// none but a letter or a digit is the first.
bool is_part_name(std::string_view name);

struct HdlOptions {
  HdlLanguage language = HdlLanguage::kVerilog;
  HdlTarget target = HdlTarget::kGeneric;
  bool clock_enable = false;  // port ce: registers keep their values while it is 0
  bool reset = false;         // port rst: synchronous, to 0, before ce
  double clock_period_ns = 5.0;
  std::string part = "xcu250-figd2104-2L-e";  // for Vivado
  std::string device = "10AX115S2F45I1SG";    // for Quartus
};

struct SourceFile {
  std::string path{};  // relative to the folder, with `/`
  std::string text{};
};

/// The file of a module: "src/NAME.v" or "src/NAME.vhd".
std::string source_path(std::string_view module, HdlLanguage language);

/// All files but the rows of the test bench. The circuit is trimmed; ports `clk`, `ce` and `rst` are there only if it
/// has registers. Throws ConfigError if no output has bits, or an option is not usable.
std::vector<SourceFile> write_hdl(const Circuit& circuit, const HdlOptions& options = {});

/// The rows of the test bench: a line for each, all features beside each other as in the ports, in words of 64 bits.
/// Each entry of `inputs` and `outputs` is for one port. Throws ShapeError if one has another size than rows *
/// features.
std::vector<SourceFile> vector_files(const Circuit& circuit, std::span<const PortValues> inputs,
                                     std::span<const PortValues> outputs, int64_t rows);

}  // namespace hgq::rtl
