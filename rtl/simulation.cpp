#include "hgq/rtl/simulation.h"

#include <cctype>
#include <string_view>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/rtl/verilog.h"
#include "hgq/rtl/vhdl.h"

namespace hgq::rtl {
namespace {

constexpr std::string_view kXilinxCells = "sim/xilinx_cells.v";
constexpr std::string_view kUnisim = "sim/unisim.vhd";

void append(std::vector<std::string>& words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
}

/// The command with the files to compile behind it.
SimulationCommand on_files(std::vector<std::string> words, const std::vector<std::string>& files) {
  SimulationCommand command{.words = std::move(words)};
  command.sources = command.words.size();
  append(command.words, files);
  return command;
}

SimulationCommands verilog_commands(Simulator simulator, const SimulationInput& input) {
  const std::string bench = input.top + "_tb";
  std::vector<std::string> files = input.sources;
  if (input.cells) files.emplace_back(kXilinxCells);
  files.push_back(concat("sim/", bench, ".sv"));
  if (simulator == Simulator::kIverilog) {
    return {.folders = {"build"},
            .compile = {on_files({"iverilog", "-g2012", "-s", bench, "-o", "build/simulation.vvp"}, files)},
            .run = {.words = {"vvp", "-n", "../build/simulation.vvp"}, .folder = "sim"}};
  }
  return {.folders = {"build"},
          .compile = {on_files({"verilator", "--binary", "--timing", "-Wno-fatal", "--flatten", "--top-module", bench,
                                "-Mdir", "build/verilator", "-o", "simulation", "-j", "2", "-MAKEFLAGS",
                                "OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0"},
                               files)},
          .run = {.words = {"../build/verilator/simulation"}, .folder = "sim"}};
}

SimulationCommands vhdl_commands(const SimulationInput& input) {
  const std::string bench = input.top + "_tb";
  std::vector<std::string> files = input.sources;
  files.push_back(concat("sim/", bench, ".vhd"));
  SimulationCommands commands{.folders = {"build/ghdl"}};
  if (input.cells) {
    commands.compile.push_back(
        {.words = {"ghdl", "-a", "--std=08", "--work=unisim", "--workdir=build/ghdl", std::string(kUnisim)}});
  }
  commands.compile.push_back(on_files({"ghdl", "-a", "--std=08", "--workdir=build/ghdl", "-Pbuild/ghdl"}, files));
  // Some of its code generators leave a program in the folder where it runs.
  commands.run = {.words = {"ghdl", "--elab-run", "--std=08", "-P.", bench, "--ieee-asserts=disable-at-0",
                            "-gINPUTS=../../sim/inputs.hex",
                            input.records ? "-gRECORDED=../../sim/outputs.hex" : "-gEXPECTED=../../sim/expected.hex"},
                  .folder = "build/ghdl"};
  return commands;
}

/// Without comments and white space, and for VHDL without a difference between capital and small letters.
std::string condensed(std::string_view text, HdlLanguage language) {
  const bool is_vhdl = language == HdlLanguage::kVhdl;
  const std::string_view mark = is_vhdl ? "--" : "//";
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == mark) {
      i = std::min(text.find('\n', i), text.size());
    } else if (std::isspace(static_cast<unsigned char>(text[i])) == 0) {
      out += is_vhdl ? static_cast<char>(std::tolower(static_cast<unsigned char>(text[i]))) : text[i];
    }
  }
  return out;
}

}  // namespace

std::string to_string(Simulator simulator) {
  switch (simulator) {
    case Simulator::kVerilator:
      return "verilator";
    case Simulator::kIverilog:
      return "iverilog";
    case Simulator::kGhdl:
      break;
  }
  return "ghdl";
}

SimulationCommands simulation_commands(Simulator simulator, const SimulationInput& input) {
  return simulator == Simulator::kGhdl ? vhdl_commands(input) : verilog_commands(simulator, input);
}

std::string shell_text(const SimulationCommand& command) {
  std::string text;
  const size_t end = command.sources == 0 ? command.words.size() : command.sources;
  for (size_t i = 0; i < end; ++i) {
    const std::string& word = command.words[i];
    const std::string_view quote = word.find(' ') == std::string::npos ? "" : "'";
    text += concat(i == 0 ? "" : " ", quote, word, quote);
  }
  if (command.sources > 0) text += " \"${files[@]}\"";
  return text;
}

std::vector<SourceFile> simulation_cells(HdlLanguage language) {
  if (language == HdlLanguage::kVhdl) return {{std::string(kUnisim), vhdl_xilinx_cells()}};
  return {{std::string(kXilinxCells), verilog_xilinx_cells()}};
}

std::string interface_text(const HdlDesign& design, HdlLanguage language) {
  const bool is_vhdl = language == HdlLanguage::kVhdl;
  const HdlModule top = empty_top(design);
  const std::string text = is_vhdl ? vhdl_text(top) : verilog_text(top);
  const size_t begin = text.find(is_vhdl ? "entity " : "module ");
  return text.substr(begin, text.find(is_vhdl ? "\nbegin" : "\nendmodule", begin) - begin);
}

bool has_interface(const std::string& source, const std::string& interface, HdlLanguage language) {
  return condensed(source, language).find(condensed(interface, language)) != std::string::npos;
}

}  // namespace hgq::rtl
