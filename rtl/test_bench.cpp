#include "hgq/rtl/test_bench.h"

#include <algorithm>
#include <string_view>

#include "hgq/core/error.h"
#include "hgq/rtl/hex_rows.h"
#include "hgq/rtl/text_lines.h"

namespace hgq::rtl {
namespace {

/// `if_true` if the design has what it is for.
std::string when(bool condition, std::string_view if_true) { return std::string(condition ? if_true : ""); }

/// What a test bench does with the outputs: compares them with those that are expected, or writes them into a file.
struct OutputUse {
  std::string_view does, file, open, take, end;
};

constexpr std::string_view kVerilog =
    R"(// Applies a row of inputs at each clock and @DOES@ the outputs LATENCY clocks later.
// Rows are lines of words of 64 bits, the highest first.
module @TOP@_tb;
  parameter INPUTS = "inputs.hex";
  @FILE@
  localparam LATENCY = @LATENCY@;
  localparam INPUT_BITS = @INPUT_BITS@;
  localparam OUTPUT_BITS = @OUTPUT_BITS@;
  localparam INPUT_WORDS = @INPUT_WORDS@;
  localparam OUTPUT_WORDS = @OUTPUT_WORDS@;
  reg [INPUT_BITS-1:0] model_inp;
  wire [OUTPUT_BITS-1:0] model_out;
  reg [64*INPUT_WORDS-1:0] row;
  reg [64*OUTPUT_WORDS-1:0] outputs;
  reg [63:0] word;
  integer inputs_file, outputs_file, cycle, applied, compared, differing, got, i;
  reg more, complete, differs;
@SIGNALS@
  @TOP@ dut (@PORTS@.model_out(model_out));

  initial begin
    inputs_file = $fopen(INPUTS, "r");
@OPEN@    cycle = 0;
    applied = 0;
    compared = 0;
    differing = 0;
    more = 1'b1;
    complete = 1'b1;
    row = 0;
    outputs = 0;
    model_inp = 0;
@RESET@    while (more || compared < applied) begin
      if (more) begin
        got = 0;
        for (i = INPUT_WORDS - 1; i >= 0; i = i - 1) begin
          if ($fscanf(inputs_file, "%h", word) == 1) begin
            got = got + 1;
            row[64*i+:64] = word;
          end
        end
        if (got == INPUT_WORDS) applied = applied + 1;
        else more = 1'b0;
        if (got != INPUT_WORDS && got != 0) complete = 1'b0;
      end
@STOP@      model_inp = row[INPUT_BITS-1:0];
      #1;
      if (cycle >= LATENCY && compared < applied) begin
        outputs[OUTPUT_BITS-1:0] = model_out;
@TAKE@        compared = compared + 1;
      end
@CLOCK@      cycle = cycle + 1;
    end
@END@  end
endmodule
)";

constexpr std::string_view kCompareOpen = R"(    outputs_file = $fopen(EXPECTED, "r");
    if (inputs_file == 0 || outputs_file == 0) begin
      $display("FAILED: %0s or %0s cannot be opened", INPUTS, EXPECTED);
      $fatal(1);
    end
)";

constexpr std::string_view kCompareTake = R"(        differs = 1'b0;
        for (i = OUTPUT_WORDS - 1; i >= 0; i = i - 1) begin
          if ($fscanf(outputs_file, "%h", word) != 1) complete = 1'b0;
          else if (outputs[64*i+:64] !== word) begin
            if (differing < 10)
              $display("row %0d: outputs from bit %0d are %h, expected %h", compared, 64 * i, outputs[64*i+:64], word);
            differs = 1'b1;
          end
        end
        if (differs) differing = differing + 1;
)";

constexpr std::string_view kCompareEnd = R"(    if (!complete || $fscanf(outputs_file, "%h", word) == 1) begin
      $display("FAILED: %0s and %0s have not the same number of rows", INPUTS, EXPECTED);
      $fatal(1);
    end else if (compared == 0) begin
      $display("FAILED: %0s has no rows", INPUTS);
      $fatal(1);
    end else if (differing > 0) begin
      $display("FAILED: %0d of %0d rows differ", differing, compared);
      $fatal(1);
    end else begin
      $display("PASSED %0d rows", compared);
      $finish;
    end
)";

constexpr std::string_view kRecordOpen = R"(    outputs_file = $fopen(RECORDED, "w");
    if (inputs_file == 0 || outputs_file == 0) begin
      $display("%0s or %0s cannot be opened", INPUTS, RECORDED);
      $fatal(1);
    end
)";

constexpr std::string_view kRecordTake = R"(        for (i = OUTPUT_WORDS - 1; i >= 0; i = i - 1) begin
          $fwrite(outputs_file, "%h", outputs[64*i+:64]);
          if (i > 0) $fwrite(outputs_file, " ");
        end
        $fwrite(outputs_file, "\n");
)";

constexpr std::string_view kRecordEnd = R"(    $fclose(outputs_file);
    $finish;
)";

constexpr OutputUse kVerilogCompares{"compares", R"(parameter EXPECTED = "expected.hex";)", kCompareOpen, kCompareTake,
                                     kCompareEnd};
constexpr OutputUse kVerilogRecords{"writes", R"(parameter RECORDED = "outputs.hex";)", kRecordOpen, kRecordTake,
                                    kRecordEnd};

constexpr std::string_view kVerilogStop = R"(      if (cycle % 3 == 1) begin
        ce = 1'b0;
        model_inp = ~row[INPUT_BITS-1:0];
        #1 clk = 1'b1;
        #1 clk = 1'b0;
        ce = 1'b1;
      end
)";

constexpr std::string_view kVhdl =
    R"(-- Applies a row of inputs at each clock and @DOES@ the outputs LATENCY clocks later.
-- Rows are lines of words of 64 bits, the highest first.
library ieee;
use ieee.std_logic_1164.all;
use std.textio.all;

entity @TOP@_tb is
  generic (
    INPUTS : string := "inputs.hex";
    @FILE@
  );
end entity;

architecture simulation of @TOP@_tb is
  constant LATENCY : natural := @LATENCY@;
  constant INPUT_BITS : natural := @INPUT_BITS@;
  constant OUTPUT_BITS : natural := @OUTPUT_BITS@;
  constant INPUT_WORDS : natural := @INPUT_WORDS@;
  constant OUTPUT_WORDS : natural := @OUTPUT_WORDS@;
  signal model_inp : std_logic_vector(INPUT_BITS - 1 downto 0) := (others => '0');
  signal model_out : std_logic_vector(OUTPUT_BITS - 1 downto 0);
@SIGNALS@begin
  dut : entity work.@TOP@ port map (@PORTS@model_out => model_out);

  process
    file inputs_file : text;
    file outputs_file : text;
    variable inputs_status, outputs_status : file_open_status;
    variable in_line, out_line : line;
    variable row : std_logic_vector(64 * INPUT_WORDS - 1 downto 0) := (others => '0');
    variable outputs : std_logic_vector(64 * OUTPUT_WORDS - 1 downto 0) := (others => '0');
    variable word : std_logic_vector(63 downto 0);
    variable good, differs : boolean;
    variable more, complete : boolean := true;
    variable cycle, applied, compared, differing : natural := 0;

    procedure say(message : string) is
    begin
      write(output, message & LF);
    end procedure;
  begin
    file_open(inputs_status, inputs_file, INPUTS, read_mode);
@OPEN@@RESET@    while more or compared < applied loop
      more := more and not endfile(inputs_file);
      if more then
        readline(inputs_file, in_line);
        for i in INPUT_WORDS - 1 downto 0 loop
          hread(in_line, word, good);
          complete := complete and good;
          row(64 * i + 63 downto 64 * i) := word;
        end loop;
        applied := applied + 1;
      end if;
@STOP@      model_inp <= row(INPUT_BITS - 1 downto 0);
      wait for 1 ns;
      if cycle >= LATENCY and compared < applied then
        outputs(OUTPUT_BITS - 1 downto 0) := model_out;
@TAKE@        compared := compared + 1;
      end if;
@CLOCK@      cycle := cycle + 1;
    end loop;
@END@    wait;
  end process;
end architecture;
)";

constexpr std::string_view kVhdlCompareOpen = R"(    file_open(outputs_status, outputs_file, EXPECTED, read_mode);
    if inputs_status /= open_ok or outputs_status /= open_ok then
      say("FAILED: " & INPUTS & " or " & EXPECTED & " cannot be opened");
      report "FAILED" severity failure;
    end if;
)";

constexpr std::string_view kVhdlCompareTake = R"(        differs := false;
        if endfile(outputs_file) then
          complete := false;
        else
          readline(outputs_file, out_line);
          for i in OUTPUT_WORDS - 1 downto 0 loop
            hread(out_line, word, good);
            complete := complete and good;
            if good and outputs(64 * i + 63 downto 64 * i) /= word then
              if differing < 10 then
                say("row " & integer'image(compared) & ": outputs from bit " & integer'image(64 * i) & " are " &
                    to_hstring(outputs(64 * i + 63 downto 64 * i)) & ", expected " & to_hstring(word));
              end if;
              differs := true;
            end if;
          end loop;
        end if;
        if differs then
          differing := differing + 1;
        end if;
)";

constexpr std::string_view kVhdlCompareEnd = R"(    if not complete or not endfile(outputs_file) then
      say("FAILED: " & INPUTS & " and " & EXPECTED & " have not the same number of rows");
      report "FAILED" severity failure;
    elsif compared = 0 then
      say("FAILED: " & INPUTS & " has no rows");
      report "FAILED" severity failure;
    elsif differing > 0 then
      say("FAILED: " & integer'image(differing) & " of " & integer'image(compared) & " rows differ");
      report "FAILED" severity failure;
    else
      say("PASSED " & integer'image(compared) & " rows");
    end if;
)";

constexpr std::string_view kVhdlRecordOpen = R"(    file_open(outputs_status, outputs_file, RECORDED, write_mode);
    if inputs_status /= open_ok or outputs_status /= open_ok then
      say(INPUTS & " or " & RECORDED & " cannot be opened");
      report "FAILED" severity failure;
    end if;
)";

constexpr std::string_view kVhdlRecordTake = R"(        for i in OUTPUT_WORDS - 1 downto 0 loop
          write(out_line, to_hstring(outputs(64 * i + 63 downto 64 * i)));
          if i > 0 then
            write(out_line, string'(" "));
          end if;
        end loop;
        writeline(outputs_file, out_line);
)";

constexpr std::string_view kVhdlRecordEnd = R"(    file_close(outputs_file);
)";

constexpr OutputUse kVhdlCompares{"compares", R"(EXPECTED : string := "expected.hex")", kVhdlCompareOpen,
                                  kVhdlCompareTake, kVhdlCompareEnd};
constexpr OutputUse kVhdlRecords{"writes", R"(RECORDED : string := "outputs.hex")", kVhdlRecordOpen, kVhdlRecordTake,
                                 kVhdlRecordEnd};

constexpr std::string_view kVhdlStop = R"(      if cycle mod 3 = 1 then
        ce <= '0';
        model_inp <= not row(INPUT_BITS - 1 downto 0);
        wait for 1 ns;
        clk <= '1';
        wait for 1 ns;
        clk <= '0';
        ce <= '1';
      end if;
)";

SourceFile verilog_bench(const HdlDesign& design, const OutputUse& use) {
  const std::string enable = when(design.clock_enable, kVerilogStop);
  std::string reset;
  if (design.reset) {
    reset = when(design.clock_enable, "    ce = 1'b0;  // a reset does not wait for it\n") +
            "    rst = 1'b1;\n    #1 clk = 1'b1;\n    #1 clk = 1'b0;\n    rst = 1'b0;\n" +
            when(design.clock_enable, "    ce = 1'b1;\n");
  }
  std::string text = filled(
      kVerilog,
      {{"TOP", design.top},
       {"DOES", std::string(use.does)},
       {"FILE", std::string(use.file)},
       {"OPEN", std::string(use.open)},
       {"TAKE", std::string(use.take)},
       {"END", std::string(use.end)},
       {"LATENCY", std::to_string(design.latency)},
       {"INPUT_BITS", std::to_string(std::max<int64_t>(design.input_bits, 1))},
       {"OUTPUT_BITS", std::to_string(design.output_bits)},
       {"INPUT_WORDS", std::to_string(hex_words(design.input_bits))},
       {"OUTPUT_WORDS", std::to_string(hex_words(design.output_bits))},
       {"SIGNALS", when(design.clocked, "  reg clk = 1'b0;\n") + when(design.clock_enable, "  reg ce = 1'b1;\n") +
                       when(design.reset, "  reg rst = 1'b0;\n")},
       {"PORTS", when(design.clocked, ".clk(clk), ") + when(design.clock_enable, ".ce(ce), ") +
                     when(design.reset, ".rst(rst), ") + when(design.input_bits > 0, ".model_inp(model_inp), ")},
       {"RESET", reset},
       {"STOP", enable},
       {"CLOCK", when(design.clocked, "      clk = 1'b1;\n      #1 clk = 1'b0;\n")}});
  return {concat("sim/", design.top, "_tb.sv"), std::move(text)};
}

SourceFile vhdl_bench(const HdlDesign& design, const OutputUse& use) {
  std::string reset;
  if (design.reset) {
    reset =
        when(design.clock_enable, "    ce <= '0';  -- a reset does not wait for it\n") +
        "    rst <= '1';\n    wait for 1 ns;\n    clk <= '1';\n    wait for 1 ns;\n    clk <= '0';\n    rst <= '0';\n" +
        when(design.clock_enable, "    ce <= '1';\n");
  }
  std::string text = filled(
      kVhdl,
      {{"TOP", design.top},
       {"DOES", std::string(use.does)},
       {"FILE", std::string(use.file)},
       {"OPEN", std::string(use.open)},
       {"TAKE", std::string(use.take)},
       {"END", std::string(use.end)},
       {"LATENCY", std::to_string(design.latency)},
       {"INPUT_BITS", std::to_string(std::max<int64_t>(design.input_bits, 1))},
       {"OUTPUT_BITS", std::to_string(design.output_bits)},
       {"INPUT_WORDS", std::to_string(hex_words(design.input_bits))},
       {"OUTPUT_WORDS", std::to_string(hex_words(design.output_bits))},
       {"SIGNALS", when(design.clocked, "  signal clk : std_logic := '0';\n") +
                       when(design.clock_enable, "  signal ce : std_logic := '1';\n") +
                       when(design.reset, "  signal rst : std_logic := '0';\n")},
       {"PORTS", when(design.clocked, "clk => clk, ") + when(design.clock_enable, "ce => ce, ") +
                     when(design.reset, "rst => rst, ") + when(design.input_bits > 0, "model_inp => model_inp, ")},
       {"RESET", reset},
       {"STOP", when(design.clock_enable, kVhdlStop)},
       {"CLOCK", when(design.clocked, "      clk <= '1';\n      wait for 1 ns;\n      clk <= '0';\n")}});
  return {concat("sim/", design.top, "_tb.vhd"), std::move(text)};
}

}  // namespace

SourceFile test_bench(const HdlDesign& design, HdlLanguage language) {
  return language == HdlLanguage::kVhdl ? vhdl_bench(design, kVhdlCompares) : verilog_bench(design, kVerilogCompares);
}

SourceFile recording_test_bench(const HdlDesign& design, HdlLanguage language) {
  return language == HdlLanguage::kVhdl ? vhdl_bench(design, kVhdlRecords) : verilog_bench(design, kVerilogRecords);
}

}  // namespace hgq::rtl
