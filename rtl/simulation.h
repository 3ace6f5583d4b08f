// How a design is simulated: the commands that compile it with its test bench and run it. simulate.sh of a folder is
// written from them, and `hgq-train verify` runs them itself.
//
//   for (const rtl::SimulationCommand& c : rtl::simulation_commands(rtl::Simulator::kIverilog, {.top = "net"}).compile)
//     std::puts(rtl::shell_text(c).c_str());
#pragma once

#include <string>
#include <vector>

#include "hgq/rtl/hdl.h"
#include "hgq/rtl/hdl_design.h"

namespace hgq::rtl {

enum class Simulator : uint8_t { kVerilator, kIverilog, kGhdl };

/// The program of its commands: "verilator", "iverilog", "ghdl".
std::string to_string(Simulator simulator);

struct SimulationInput {
  std::string top{};
  std::vector<std::string> sources{};  // in the order in which they are to be read
  bool cells = false;                  // they use the cells of kXilinx, which are sim/xilinx_cells.v or sim/unisim.vhd
  bool records = false;                // the test bench is recording_test_bench(), otherwise that of write_hdl()
};

struct SimulationCommand {
  std::vector<std::string> words{};  // the program and its arguments
  std::string folder{};              // where it runs, in the project's; empty: the project's
  size_t sources = 0;                // where in `words` the files to compile begin, which are all those after it; or 0
};

struct SimulationCommands {
  std::vector<std::string> folders{};        // that must be there, in the project's
  std::vector<SimulationCommand> compile{};  // one after another, in the project's folder
  SimulationCommand run{};
};

SimulationCommands simulation_commands(Simulator simulator, const SimulationInput& input);

/// As a line for a shell; "${files[@]}" stands for the files to compile.
std::string shell_text(const SimulationCommand& command);

/// The files that simulation_commands() compiles with the design's own: definitions of cells.
std::vector<SourceFile> simulation_cells(HdlLanguage language);

/// What the source of the top (HdlDesign::top) begins with, but for comments and white space: its ports and its
/// latency.
std::string interface_text(const HdlDesign& design, HdlLanguage language);
/// Whether a source holds this text. Comments and white space make no difference.
bool has_interface(const std::string& source, const std::string& interface, HdlLanguage language);

}  // namespace hgq::rtl
