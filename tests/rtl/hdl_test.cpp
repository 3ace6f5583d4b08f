#include "hgq/rtl/hdl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "../support/temporary_folder.h"
#include "hdl_tools.h"
#include "hgq/core/error.h"
#include "hgq/rtl/circuit_builder.h"
#include "hgq/rtl/identifiers.h"
#include "hgq/rtl/module_plan.h"
#include "hgq/rtl/text_lines.h"
#include "sample_circuits.h"

namespace hgq::rtl {
namespace hdl_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string text_of(const std::vector<SourceFile>& files, const std::string& path) {
  const auto found = std::ranges::find(files, path, &SourceFile::path);
  return found == files.end() ? "" : found->text;
}

/// y = 5 x, and the register of its upper bits, which is made for a layer of its own.
Circuit filter() {
  CircuitBuilder builder("filter");
  builder.begin_layer("inputs");
  const int32_t x = builder.input(8, true);
  builder.begin_layer("end");
  const Operand sum = builder.add({x, 0, false}, {x, 2, false});
  builder.begin_layer("dense/1");
  const Operand upper = builder.slice(sum, 3, 8, true);
  Circuit circuit = std::move(builder).take({sample_port("x", {{x, -3}, {-1, 0}})}, {});
  const Node& node = circuit.node(upper.node);
  circuit.nodes.push_back({.kind = NodeKind::kRegister,
                           .operand_count = 1,
                           .operands = {Operand{upper.node, 0, false}, {}, {}},
                           .range = node.range,
                           .bits = node.bits,
                           .layer = node.layer});
  circuit.latency = 1;
  circuit.outputs = {sample_port("y", {{static_cast<int32_t>(circuit.nodes.size()) - 1, 0}, {-1, 0}})};
  return circuit;
}

TEST(Identifiers, AreLegalInAllLanguagesAndUnique) {
  NamePool names;
  EXPECT_EQ(names.take("dense (2)"), "dense_2");
  EXPECT_EQ(names.take("Dense__2"), "Dense_2_2");
  EXPECT_EQ(names.take("__a__b__"), "a_b");
  EXPECT_EQ(names.take("2d"), "n2d");
  EXPECT_EQ(names.take("größe"), "gr_e");
  EXPECT_EQ(names.take(""), "n");
  EXPECT_EQ(names.take("buffer"), "buffer_2");      // of VHDL
  EXPECT_EQ(names.take("Always"), "Always_2");      // of Verilog
  EXPECT_EQ(names.take("logic"), "logic_2");        // of SystemVerilog
  EXPECT_EQ(names.take("UNSIGNED"), "UNSIGNED_2");  // a type that is used
  EXPECT_EQ(identifier_of(std::string(1000, 'a')).size(), 200U);
}

TEST(ModulePlan, OneModuleForEachLayerWithNodes) {
  const Circuit circuit = filter();
  const ModulePlan plan = plan_modules(circuit);
  ASSERT_EQ(plan.layers.size(), 2U);  // the layer of the inputs has none
  EXPECT_EQ(plan.top, "filter");
  EXPECT_EQ(plan.layers[0].name, "filter_end_2");  // `end` is a keyword
  EXPECT_EQ(plan.layers[1].name, "filter_dense_1");
  EXPECT_THAT(plan.names, ElementsAre("inp_x_0", "end_2_add_0", "dense_1_bits_0", "dense_1_reg_0"));
  EXPECT_THAT(plan.layers[0].reads, ElementsAre(0));
  EXPECT_THAT(plan.layers[0].writes, ElementsAre(1));
  EXPECT_THAT(plan.layers[1].reads, ElementsAre(1));
  EXPECT_THAT(plan.layers[1].writes, ElementsAre(3));
  EXPECT_FALSE(plan.layers[0].clocked);
  EXPECT_TRUE(plan.layers[1].clocked);
}

TEST(Hdl, VerilogIsReadable) {
  const std::vector<SourceFile> files = write_hdl(filter(), {.clock_enable = true, .reset = true});
  EXPECT_EQ(
      text_of(files, "src/filter_end_2.v"),
      R"(// Layer end of filter. Each wire holds a whole number, in two's complement if its range has negative ones.
// Ports are wires of the circuit, with all values that they can have.
`default_nettype none

module filter_end_2 (
  input  wire [7:0] inp_x_0,  // -128 .. 127
  output wire [10:0] end_2_add_0  // -640 .. 635
);
  // 5*inp_x_0: inp_x_0 + (inp_x_0 << 2), -640 .. 635
  assign end_2_add_0 = {{{3{inp_x_0[7]}}, inp_x_0[7:2]} + {inp_x_0[7], inp_x_0}, inp_x_0[1:0]};
endmodule

`default_nettype wire
)");
  EXPECT_THAT(text_of(files, "src/filter_dense_1.v"), HasSubstr(R"(  wire [7:0] dense_1_bits_0 = end_2_add_0[10:3];
  always @(posedge clk) begin
    if (rst) begin
      dense_1_reg_0 <= 8'd0;
    end else if (ce) begin
      dense_1_reg_0 <= dense_1_bits_0;
    end
  end
)"));
  EXPECT_THAT(text_of(files, "src/filter.v"), HasSubstr("localparam LATENCY = 1;"));
  EXPECT_THAT(text_of(files, "src/filter_ports.v"),
              HasSubstr("  input  wire [7:0] inp_x_0,  // signed, -128 .. 127, times 2^-3\n"
                        "  output wire [7:0] out_y_0  // signed, -80 .. 79\n"));
}

TEST(Hdl, VhdlIsReadable) {
  const std::vector<SourceFile> files = write_hdl(filter(), {.language = HdlLanguage::kVhdl});
  EXPECT_THAT(
      text_of(files, "src/filter_end_2.vhd"),
      HasSubstr(
          R"(  end_2_add_0 <= ((unsigned'(2 downto 0 => inp_x_0(7)) & inp_x_0(7 downto 2)) + (inp_x_0(7 downto 7) &
      inp_x_0)) & inp_x_0(1 downto 0);  -- 5*inp_x_0: inp_x_0 + (inp_x_0 << 2), -640 .. 635
)"));
  EXPECT_THAT(text_of(files, "src/filter_dense_1.vhd"), HasSubstr(R"(    if rising_edge(clk) then
      dense_1_reg_0 <= dense_1_bits_0;
    end if;
)"));
}

TEST(Hdl, PortsOfTheClockAreThereOnlyIfNeeded) {
  Circuit circuit = random_circuit(3, 60);
  circuit.name = "plain";
  const std::string text = text_of(write_hdl(circuit, {.clock_enable = true, .reset = true}), "src/plain.v");
  EXPECT_THAT(text, Not(HasSubstr("clk")));
  EXPECT_THAT(text, Not(HasSubstr("rst")));
  EXPECT_THAT(text_of(write_hdl(filter()), "src/filter.v"), Not(HasSubstr("rst")));
}

TEST(Hdl, OptionsAreChecked) {
  const auto message = [](const HdlOptions& options) -> std::string {
    try {
      write_hdl(filter(), options);
    } catch (const ConfigError& e) {
      return e.what();
    }
    return "";
  };
  for (const double period : {0.001, 2e6, -1.0, std::numeric_limits<double>::infinity(), std::nan("")})
    EXPECT_THAT(message({.clock_period_ns = period}), HasSubstr("expected one in")) << period;
  for (const char* const part : {"", "-x", "a b", "x;exit", "$x"})
    EXPECT_THAT(message({.part = part}), HasSubstr("part")) << part;
  EXPECT_THAT(message({.clock_period_ns = 0}), HasSubstr("clock period of 0 ns; expected one in [0.01"));
  EXPECT_THAT(message({.part = "xc7; exit"}), HasSubstr("part 'xc7; exit' is no name of an FPGA"));
  EXPECT_THAT(message({.device = ""}), HasSubstr("device ''"));
  Circuit nothing = filter();
  nothing.outputs[0].features[0].node = -1;
  EXPECT_THROW(write_hdl(nothing), ConfigError);
}

TEST(Hdl, ACircuitWithoutInputBitsIsWritten) {
  CircuitBuilder builder("fixed");
  builder.begin_layer("a");
  const int32_t five = builder.constant(-5);
  const Circuit circuit = std::move(builder).take({sample_port("x", {{-1, 0}})}, {sample_port("y", {{five, 0}})});
  for (const HdlLanguage language : {HdlLanguage::kVerilog, HdlLanguage::kVhdl}) {
    if (!has_program(language == HdlLanguage::kVhdl ? "ghdl" : "iverilog")) continue;
    const TemporaryFolder folder;
    write_project(folder.path(), circuit, {.language = language}, {{0, 0, 0}}, 3);
    EXPECT_THAT(run_in(folder.path(), "bash simulate.sh iverilog").output, HasSubstr("PASSED 3 rows"));
  }
}

TEST(Hdl, TextIsFilledAndBroken) {
  EXPECT_EQ(filled("a @X@ ${b[@]} @(c) @X@", {{"X", "1"}}), "a 1 ${b[@]} @(c) 1");
  EXPECT_THROW(filled("@Y@", {{"X", "1"}}), Error);
  std::string list = "f(";
  for (int i = 0; i < 100; ++i) list += "abcdef, ";
  const std::string text = broken(list, ", ", 4);
  EXPECT_THAT(text, HasSubstr(",\n    abcdef"));
  EXPECT_THAT(text, Not(HasSubstr(" \n")));
}

/// The bench sees a wrong row, missing rows, and a missing file.
TEST(TestBench, SeesWhatIsWrong) {
  const Circuit circuit = filter();
  for (const HdlLanguage language : {HdlLanguage::kVerilog, HdlLanguage::kVhdl}) {
    if (!has_program(language == HdlLanguage::kVhdl ? "ghdl" : "iverilog")) continue;
    const TemporaryFolder folder;
    write_project(folder.path(), circuit, {.language = language, .clock_enable = true, .reset = true},
                  random_inputs(circuit, 20, 1), 20);
    const auto simulate = [&](const std::string& change) {
      const Finished finished = run_in(folder.path(), change + "bash simulate.sh iverilog");
      EXPECT_EQ(finished.exit_code == 0, finished.output.find("PASSED 20 rows") != std::string::npos);
      return finished.output;
    };
    EXPECT_THAT(simulate(""), HasSubstr("PASSED 20 rows"));
    EXPECT_THAT(
        simulate(
            "cp sim/expected.hex good; sed -i '3s/.$/x/; 3y/0123456789abcdefx/1032547698badcfe7/' sim/expected.hex; "),
        HasSubstr("FAILED: 1 of 20 rows differ"));
    EXPECT_THAT(simulate("head -19 good >sim/expected.hex; "), HasSubstr("have not the same number of rows"));
    EXPECT_THAT(simulate("cat good good >sim/expected.hex; "), HasSubstr("have not the same number of rows"));
    EXPECT_THAT(simulate("rm sim/expected.hex; "), HasSubstr("cannot be opened"));
    EXPECT_THAT(simulate("touch sim/expected.hex; : >sim/inputs.hex; "), HasSubstr("has no rows"));
  }
}

/// A register keeps its value without ce, and is 0 after a clock with rst, whatever ce is.
TEST(TestBench, ResetAndClockEnableDoWhatTheyPromise) {
  constexpr std::string_view kVerilog = R"(module check;
  reg clk = 0, ce = 1, rst = 0;
  reg [7:0] x = 8'd77;
  wire [7:0] y;
  filter dut (.clk(clk), .ce(ce), .rst(rst), .model_inp(x), .model_out(y));
  initial begin
    #1 clk = 1; #1 clk = 0; $display("%0d", y);
    ce = 0; x = 8'd5;
    #1 clk = 1; #1 clk = 0; $display("%0d", y);
    rst = 1;
    #1 $display("%0d", y);
    clk = 1; #1 clk = 0; $display("%0d", y);
  end
endmodule
)";
  constexpr std::string_view kVhdl = R"(library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;
use std.textio.all;
entity check is
end entity;
architecture simulation of check is
  signal clk, rst : std_logic := '0';
  signal ce : std_logic := '1';
  signal x : std_logic_vector(7 downto 0) := std_logic_vector(to_unsigned(77, 8));
  signal y : std_logic_vector(7 downto 0);
begin
  dut : entity work.filter port map (clk => clk, ce => ce, rst => rst, model_inp => x, model_out => y);
  process
    procedure tick is
    begin
      wait for 1 ns; clk <= '1'; wait for 1 ns; clk <= '0'; wait for 1 ns;
    end procedure;
    procedure show is
    begin
      write(output, integer'image(to_integer(unsigned(y))) & LF);
    end procedure;
  begin
    tick; show;
    ce <= '0'; x <= std_logic_vector(to_unsigned(5, 8));
    tick; show;
    rst <= '1'; wait for 1 ns; show;
    tick; show;
    wait;
  end process;
end architecture;
)";
  const std::string seen = "48\n48\n48\n0\n";  // 5 * 77 / 8, until it is reset
  HdlOptions options{.clock_enable = true, .reset = true};
  if (has_program("iverilog")) {
    const TemporaryFolder folder;
    write_files(folder.path(), write_hdl(filter(), options));
    write_files(folder.path(), std::vector<SourceFile>{{"check.v", std::string(kVerilog)}});
    EXPECT_EQ(run_in(folder.path(), "iverilog -g2005 -s check -o check check.v src/*.v && vvp -n check").output, seen);
  }
  if (has_program("ghdl")) {
    const TemporaryFolder folder;
    options.language = HdlLanguage::kVhdl;
    write_files(folder.path(), write_hdl(filter(), options));
    write_files(folder.path(), std::vector<SourceFile>{{"check.vhd", std::string(kVhdl)}});
    const std::string sources = "src/filter_dense_1.vhd src/filter_end_2.vhd src/filter.vhd check.vhd";
    EXPECT_EQ(run_in(folder.path(), concat("ghdl -a --std=08 ", sources, " && ghdl --elab-run --std=08 check")).output,
              seen);
  }
}

TEST(Hdl, VerilatorHasNothingToSay) {
  if (!has_program("verilator")) GTEST_SKIP() << "verilator is not installed";
  for (const HdlTarget target : {HdlTarget::kGeneric, HdlTarget::kXilinx}) {
    const Circuit random = with_registers(with_sums_of_three(random_circuit(5, 300)), 3, 1);
    for (const Circuit& circuit : {block_circuit(8, 5), random}) {
      const TemporaryFolder folder;
      write_files(folder.path(), write_hdl(circuit, {.target = target, .clock_enable = true, .reset = true}));
      const Finished finished = run_in(folder.path(), "bash simulate.sh lint");
      EXPECT_EQ(finished.exit_code, 0);
      EXPECT_EQ(finished.output.substr(0, 1000), "");
    }
  }
}

}  // namespace hdl_test
}  // namespace hgq::rtl
