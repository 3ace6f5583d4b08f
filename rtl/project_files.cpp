#include "hgq/rtl/project_files.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/rtl/simulation.h"
#include "hgq/rtl/text_lines.h"

namespace hgq::rtl {
namespace {

void check_part(std::string_view what, const std::string& part) {
  HGQ_CHECK(is_part_name(part), ConfigError, what, " '", printable(part),
            "' is no name of an FPGA; expected letters, digits, and - _ ., as in xcu250-figd2104-2L-e");
}

std::string nanoseconds(double period) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.9g", period);
  return text.data();
}

/// Both kinds of files have the same commands. Without registers the way from inputs to outputs has the whole period.
std::string constraints(const HdlDesign& design, const HdlOptions& options) {
  const std::string period = nanoseconds(options.clock_period_ns);
  if (design.clocked) return concat("create_clock -name clk -period ", period, " [get_ports clk]\n");
  return concat(
      "# There is no clock: all ways from inputs to outputs have one period.\n",
      "create_clock -name virtual_clk -period ", period, "\n",
      "set_input_delay -clock virtual_clk 0 [all_inputs]\nset_output_delay -clock virtual_clk 0 [all_outputs]\n");
}

constexpr std::string_view kVivado = R"tcl(# vivado -mode batch -source scripts/vivado.tcl [-tclargs implement]
# Synthesis out of context, and with `implement` place and route; reports go to build/vivado.
set folder [file dirname [file dirname [file normalize [info script]]]]
set reports $folder/build/vivado
file mkdir $reports
@SOURCES@read_xdc -mode out_of_context $folder/constraints/@TOP@.xdc
synth_design -top @TOP@ -part @PART@ -mode out_of_context
report_utilization -file $reports/utilization_synthesis.txt
report_timing_summary -file $reports/timing_synthesis.txt
if {[lsearch $argv implement] >= 0} {
  opt_design
  place_design
  phys_opt_design
  route_design
  report_utilization -file $reports/utilization.txt
  report_timing_summary -file $reports/timing.txt
}
)tcl";

constexpr std::string_view kQuartus = R"tcl(# quartus_sh -t scripts/quartus.tcl
# All ports are virtual pins, as the module stands in a larger design. Reports go to build/quartus.
load_package flow
set folder [file dirname [file dirname [file normalize [info script]]]]
file mkdir $folder/build/quartus
cd $folder/build/quartus
project_new -overwrite @TOP@
set_global_assignment -name DEVICE @DEVICE@
set_global_assignment -name TOP_LEVEL_ENTITY @TOP@
@SOURCES@set_global_assignment -name SDC_FILE $folder/constraints/@TOP@.sdc
set_instance_assignment -name VIRTUAL_PIN ON -to *
execute_flow -compile
project_close
)tcl";

constexpr std::string_view kYosysXilinx = R"(# From the folder above: yosys -s scripts/yosys_xilinx.ys
@SOURCES@synth_xilinx -family xcup -flatten -noiopad -top @TOP@
stat
)";

constexpr std::string_view kYosysGeneric = R"(# From the folder above: yosys -s scripts/yosys_generic.ys
@SOURCES@synth -flatten -top @TOP@
abc -lut 6
opt_clean
stat
)";

constexpr std::string_view kSimulateVerilog = R"sh(#!/usr/bin/env bash
# simulate.sh [verilator|iverilog]: runs the test bench on the rows in sim/, with Verilator if it is installed.
# simulate.sh lint: the warnings of Verilator about the sources. Two kinds are left out: wires of which only upper bits
# are read, as after rounding, and LATENCY, which is there to be read by people.
set -euo pipefail
cd "$(dirname "$0")"
files=(
@SOURCES@)
simulator=${1:-}
if [[ -z $simulator ]]; then
  if command -v verilator >/dev/null; then simulator=verilator; else simulator=iverilog; fi
fi
mkdir -p build
case $simulator in
  verilator)
    if [[ $PWD == *[[:space:]]* ]]; then  # make cannot build in such a folder
      copy=$(mktemp -d)
      trap 'rm -rf "$copy"' EXIT
      cp -r src sim "$copy"
      cd "$copy"
      mkdir build
    fi
    @VERILATOR@ >build/verilator.log 2>&1 ||
      { cat build/verilator.log >&2; exit 1; }
    @RUN_VERILATOR@
    ;;
  iverilog)
    @IVERILOG@
    @RUN_IVERILOG@
    ;;
  lint)
    verilator --lint-only -Wall -Wno-UNUSEDSIGNAL -Wno-UNUSEDPARAM --top-module @PORTS@ "${files[@]:0:${#files[@]}-1}"
    ;;
  *)
    echo "simulator '$simulator' is not known: expected verilator, iverilog, or lint" >&2
    exit 2
    ;;
esac
)sh";

constexpr std::string_view kSimulateVhdl = R"sh(#!/usr/bin/env bash
# simulate.sh: runs the test bench on the rows in sim/ with GHDL.
set -euo pipefail
cd "$(dirname "$0")"
files=(
@SOURCES@)
mkdir -p build/ghdl
@GHDL@@RUN_GHDL@
)sh";

/// A line for each source, with the text before it.
std::string lines(const std::vector<std::string>& sources, std::string_view before) {
  std::string text;
  for (const std::string& source : sources) text += concat(before, source, "\n");
  return text;
}

std::string vivado_script(const HdlDesign& design, const HdlOptions& options, const std::vector<std::string>& sources) {
  const char* const read =
      options.language == HdlLanguage::kVhdl ? "read_vhdl -vhdl2008 $folder/" : "read_verilog $folder/";
  return filled(kVivado, {{"SOURCES", lines(sources, read)}, {"TOP", design.top}, {"PART", options.part}});
}

std::string quartus_script(const HdlDesign& design, const HdlOptions& options,
                           const std::vector<std::string>& sources) {
  const std::string assign = "set_global_assignment -name ";
  const bool is_vhdl = options.language == HdlLanguage::kVhdl;
  const std::string version = is_vhdl ? assign + "VHDL_INPUT_VERSION VHDL_2008\n" : "";
  const std::string read = concat(assign, is_vhdl ? "VHDL" : "VERILOG", "_FILE $folder/");
  return filled(kQuartus,
                {{"SOURCES", version + lines(sources, read)}, {"TOP", design.top}, {"DEVICE", options.device}});
}

std::string yosys_script(std::string_view pattern, const HdlDesign& design, const std::vector<std::string>& sources) {
  return filled(pattern, {{"SOURCES", lines(sources, "read_verilog ")}, {"TOP", design.top}});
}

std::string run_text(const SimulationCommand& run) { return concat("cd ", run.folder, " && ", shell_text(run)); }

/// The files of a command, a line for each.
std::string file_lines(const SimulationCommand& command) {
  const auto first = command.words.begin() + static_cast<std::ptrdiff_t>(command.sources);
  return lines({first, command.words.end()}, "  ");
}

std::string verilog_simulation(const HdlDesign& design, const SimulationInput& input) {
  const SimulationCommands verilator = simulation_commands(Simulator::kVerilator, input);
  const SimulationCommands iverilog = simulation_commands(Simulator::kIverilog, input);
  return filled(kSimulateVerilog, {{"SOURCES", file_lines(verilator.compile[0])},
                                   {"VERILATOR", shell_text(verilator.compile[0])},
                                   {"RUN_VERILATOR", run_text(verilator.run)},
                                   {"IVERILOG", shell_text(iverilog.compile[0])},
                                   {"RUN_IVERILOG", run_text(iverilog.run)},
                                   {"PORTS", design.ports_top}});
}

std::string vhdl_simulation(const SimulationInput& input) {
  const SimulationCommands ghdl = simulation_commands(Simulator::kGhdl, input);
  std::string compile;
  for (const SimulationCommand& command : ghdl.compile) compile += shell_text(command) + "\n";
  return filled(kSimulateVhdl,
                {{"SOURCES", file_lines(ghdl.compile.back())}, {"GHDL", compile}, {"RUN_GHDL", run_text(ghdl.run)}});
}

}  // namespace

bool is_part_name(std::string_view name) {
  constexpr size_t kMost = 100;
  const auto is_letter_or_digit = [](char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9');
  };
  return !name.empty() && name.size() <= kMost && is_letter_or_digit(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; });
}

std::vector<SourceFile> project_files(const HdlDesign& design, const HdlOptions& options,
                                      const std::vector<std::string>& sources) {
  const double period = options.clock_period_ns;
  HGQ_CHECK(kLeastClockPeriod <= period && period <= kMostClockPeriod, ConfigError, "a clock period of ", period,
            " ns; expected one in [", kLeastClockPeriod, ", ", kMostClockPeriod, "] ns");
  check_part("part", options.part);
  check_part("device", options.device);
  const bool is_vhdl = options.language == HdlLanguage::kVhdl;
  const bool has_cells = !design.adders.empty();
  const SimulationInput simulation{.top = design.top, .sources = sources, .cells = has_cells};
  std::vector<SourceFile> files{
      {concat("constraints/", design.top, ".xdc"), constraints(design, options)},
      {concat("constraints/", design.top, ".sdc"), constraints(design, options)},
      {"scripts/vivado.tcl", vivado_script(design, options, sources)},
      {"simulate.sh", is_vhdl ? vhdl_simulation(simulation) : verilog_simulation(design, simulation)}};
  // Cells of one maker are nothing for others.
  if (!has_cells) files.push_back({"scripts/quartus.tcl", quartus_script(design, options, sources)});
  if (!is_vhdl) files.push_back({"scripts/yosys_xilinx.ys", yosys_script(kYosysXilinx, design, sources)});
  if (!is_vhdl && !has_cells)
    files.push_back({"scripts/yosys_generic.ys", yosys_script(kYosysGeneric, design, sources)});
  return files;
}

}  // namespace hgq::rtl
