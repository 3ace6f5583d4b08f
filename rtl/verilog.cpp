#include "hgq/rtl/verilog.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/rtl/adder_of_three.h"
#include "hgq/rtl/text_lines.h"

namespace hgq::rtl {
namespace {

std::string hexadecimal(uint64_t value, int digits) {
  std::string text;
  for (int i = digits - 1; i >= 0; --i) text += "0123456789abcdef"[value >> static_cast<unsigned>(4 * i) & 15U];
  return text;
}

std::string number(uint64_t value, int bits) {
  if (value == 0) return concat(bits, "'d0");
  if (bits > 8) return concat(bits, "'h", hexadecimal(value, (bits + 3) / 4));
  std::string digits;
  for (int i = bits - 1; i >= 0; --i) digits += (value >> static_cast<unsigned>(i) & 1U) != 0 ? '1' : '0';
  return concat(bits, "'b", digits);
}

std::string range(int bits) { return bits == 1 ? "" : concat("[", bits - 1, ":0] "); }

class VerilogWriter {
 public:
  explicit VerilogWriter(const HdlModule& module) : module_(module) {}

  std::string text() {
    for (const std::string& line : module_.about) out_ += concat("// ", line, "\n");
    out_ += "`default_nettype none\n\n";
    write_ports();
    for (const auto& [name, value] : module_.constants) out_ += concat("  localparam ", name, " = ", value, ";\n");
    for (const LookUpTable& table : module_.tables) write_table(table);
    declare_what_instances_drive();
    for (const auto& item : module_.items) {
      if (const auto* statement = std::get_if<Statement>(&item)) {
        write(*statement);
      } else {
        write(std::get<Instance>(item));
      }
    }
    write_registers();
    out_ += "endmodule\n\n`default_nettype wire\n";
    return std::move(out_);
  }

 private:
  static std::string declaration_of(const HdlPort& port) {
    if (port.signal == nullptr) return "input  wire " + port.name;
    const char* const kind = port.signal->role == Signal::Role::kInput ? "input  wire "
                             : port.signal->is_register                ? "output reg  "
                                                                       : "output wire ";
    return concat(kind, range(port.signal->bits), port.name);
  }

  void write_ports() {
    const std::vector<HdlPort> ports = ports_of(module_);
    out_ += concat("module ", module_.name, " (\n");
    for (const HdlPort& port : ports) {
      const std::string line = concat("  ", declaration_of(port), &port != &ports.back() ? "," : "");
      out_ += with_comment(line, "//", port.comment) + "\n";
    }
    out_ += ");\n";
  }

  // Entries that are equal share a line, and the most frequent one is the default.
  void write_table(const LookUpTable& table) {
    std::map<uint64_t, std::vector<size_t>> places;
    for (size_t i = 0; i < table.entries.size(); ++i) places[entry_bits(table, i)].push_back(i);
    const auto usual = std::ranges::max_element(places, {}, [](const auto& p) { return p.second.size(); });
    std::vector<std::pair<size_t, uint64_t>> order;  // by the first place
    for (const auto& [entry, at] : places) {
      if (entry != usual->first) order.emplace_back(at.front(), entry);
    }
    std::ranges::sort(order);
    out_ +=
        concat("  function [", table.bits - 1, ":0] ", table.name, "(input [", table.index_bits - 1, ":0] index);\n");
    out_ += "    case (index)\n";
    for (const auto& [first, entry] : order) {
      std::string line = "      ";
      for (const size_t at : places[entry]) line += concat(at == first ? "" : ", ", table.index_bits, "'d", at);
      out_ += broken(concat(line, ": ", table.name, " = ", number(entry, table.bits), ";"), ", ", 6) + "\n";
    }
    out_ += concat("      default: ", table.name, " = ", number(usual->first, table.bits),
                   ";\n    endcase\n  endfunction\n");
  }

  void declare_what_instances_drive() {
    std::vector<bool> has_statement(module_.signals.size(), false);
    for (const auto& item : module_.items) {
      const auto* statement = std::get_if<Statement>(&item);
      if (statement != nullptr && statement->form != Form::kStore && statement->bits == 0)
        has_statement[static_cast<size_t>(statement->signal)] = true;
    }
    for (size_t i = 0; i < module_.signals.size(); ++i) {
      const Signal& signal = module_.signals[i];
      if (signal.role == Signal::Role::kInternal && !has_statement[i])
        out_ += concat("  ", signal.is_register ? "reg  " : "wire ", range(signal.bits), signal.name, ";\n");
    }
  }

  std::string text_of(const Piece& piece) const {
    if (piece.signal < 0) return number(piece.number, piece.bits);
    const Signal& signal = module_.signal(piece.signal);
    std::string text = signal.name;
    if (piece.repeated) {
      if (signal.bits > 1) text += concat("[", piece.low, "]");
      if (piece.bits > 1) text = concat("{", piece.bits, "{", text, "}}");
    } else if (piece.bits < signal.bits) {
      text +=
          piece.bits == 1 ? concat("[", piece.low, "]") : concat("[", piece.low + piece.bits - 1, ":", piece.low, "]");
    }
    return piece.inverted ? "~" + text : text;
  }

  std::string text_of(const Bits& bits) const {
    if (bits.size() == 1) return text_of(bits.front());
    std::string text;
    for (auto piece = bits.rbegin(); piece != bits.rend(); ++piece)
      text += concat(text.empty() ? "" : ", ", text_of(*piece));
    return concat("{", text, "}");
  }

  std::string expression(const Statement& statement) const {
    const auto operand = [&](size_t i) { return text_of(statement.operands[i]); };
    switch (statement.form) {
      case Form::kJoin:
      case Form::kStore:
        return operand(0);
      case Form::kSum:
      case Form::kXor:
        return sum(statement);
      case Form::kChoose:
        return concat(operand(0), " ? ", operand(1), " : ", operand(2));
      case Form::kAny:
        return "|" + operand(0);
      case Form::kAll:
        return "&" + operand(0);
      case Form::kAnd:
        return concat(operand(0), " & ", operand(1));
      case Form::kOr:
        return concat(operand(0), " | ", operand(1));
      case Form::kInvert:
        return "~" + operand(0);
      case Form::kLess:
        return concat(operand(0), " < ", operand(1));
      case Form::kLookUp:
        return concat(module_.tables[static_cast<size_t>(statement.table)].name, "(", operand(0), ")");
    }
    throw Error("a statement of an unknown form");
  }

  std::string sum(const Statement& statement) const {
    const size_t positive = statement.operands.size() - static_cast<size_t>(statement.subtracted);
    std::string text;
    for (size_t i = 0; i < statement.operands.size(); ++i) {
      const char* const sign = statement.form == Form::kXor ? " ^ " : i < positive ? " + " : " - ";
      text += concat(i == 0 ? "" : sign, text_of(statement.operands[i]));
    }
    if (statement.below.empty()) return text;
    for (auto piece = statement.below.rbegin(); piece != statement.below.rend(); ++piece)
      text += ", " + text_of(*piece);
    return concat("{", text, "}");
  }

  void write(const Statement& statement) {
    if (statement.form == Form::kStore) return;
    const Signal& signal = module_.signal(statement.signal);
    const Piece part{.signal = statement.signal, .low = statement.low, .bits = statement.bits};
    const bool is_declared = signal.role != Signal::Role::kInternal || statement.bits > 0;
    const std::string line =
        concat("  ", is_declared ? "assign " : concat("wire ", range(signal.bits)),
               statement.bits == 0 ? signal.name : text_of(part), " = ", expression(statement), ";");
    out_ += with_comment(broken(line, ", ", 6), "//", statement.comment) + "\n";
  }

  void write(const Instance& instance) {
    std::vector<std::string> connections;
    if (instance.clocked) {
      connections.emplace_back(".clk(clk)");
      if (module_.clock_enable) connections.emplace_back(".ce(ce)");
      if (module_.reset) connections.emplace_back(".rst(rst)");
    }
    for (const auto& [port, piece] : instance.connections)
      connections.push_back(concat(".", port, "(", text_of(piece), ")"));
    std::string line =
        concat("  ", instance.module, instance.width > 0 ? concat(" #(.WIDTH(", instance.width, "))") : "", " ",
               instance.label, " (");
    for (size_t i = 0; i < connections.size(); ++i) line += concat(i == 0 ? "" : ", ", connections[i]);
    out_ += with_comment(broken(line + ");", ", ", 4), "//", instance.comment) + "\n";
  }

  void write_registers() {
    std::vector<const Statement*> stored;
    for (const auto& item : module_.items) {
      const auto* statement = std::get_if<Statement>(&item);
      if (statement != nullptr && statement->form == Form::kStore) stored.push_back(statement);
    }
    if (stored.empty()) return;
    out_ += "  always @(posedge clk) begin\n";
    std::string before = "    ";
    if (module_.reset) {
      out_ += "    if (rst) begin\n";
      for (const Statement* const statement : stored) {
        const Signal& signal = module_.signal(statement->signal);
        out_ += concat("      ", signal.name, " <= ", number(0, signal.bits), ";\n");
      }
      out_ += "    end else ";
      before = "";
    }
    if (module_.clock_enable) out_ += before + "if (ce) ";
    const bool is_block = module_.reset || module_.clock_enable;
    if (is_block) out_ += "begin\n";
    for (const Statement* const statement : stored) {
      const std::string line = concat(is_block ? "      " : "    ", module_.signal(statement->signal).name,
                                      " <= ", expression(*statement), ";");
      out_ += broken(line, ", ", 8) + "\n";
    }
    if (is_block) out_ += "    end\n";
    out_ += "  end\n";
  }

  const HdlModule& module_;
  std::string out_{};
};

}  // namespace

std::string verilog_text(const HdlModule& module) { return VerilogWriter(module).text(); }

std::string verilog_adder_of_three(const std::string& name, int subtracted) {
  static constexpr std::array<std::string_view, 3> kSums{"a + b + c", "a + b - c", "a - b - c"};
  const std::string first_k = subtracted == 2 ? "1'b1" : "1'b0";
  const std::string carry = subtracted >= 1 ? "1'b1" : "1'b0";
  return concat("// sum = ", kSums[static_cast<size_t>(subtracted)], R"( modulo 2^WIDTH in one carry chain.
// O5 of each LUT is the carry out of its three bits, which joins the next position as k; O6 is the sum of all four.
`default_nettype none

module )",
                name, R"( #(
  parameter WIDTH = 8
) (
  input  wire [WIDTH-1:0] a,
  input  wire [WIDTH-1:0] b,
  input  wire [WIDTH-1:0] c,
  output wire [WIDTH-1:0] sum
);
  localparam GROUPS = (WIDTH + 7) / 8;
  wire [WIDTH:0] k;
  wire [GROUPS:0] carry;
  wire [8*GROUPS-1:0] data;
  wire [8*GROUPS-1:0] select;
  wire [8*GROUPS-1:0] total;
  genvar i;
  assign k[0] = )",
                first_k, R"(;
  assign carry[0] = )",
                carry, R"(;
  generate
    for (i = 0; i < WIDTH; i = i + 1) begin : bits
      LUT6_2 #(.INIT(64'h)",
                hexadecimal(init_of_three(subtracted), 16), R"()) u_lut (
        .O6(select[i]), .O5(k[i+1]), .I0(a[i]), .I1(b[i]), .I2(c[i]), .I3(k[i]), .I4(1'b0), .I5(1'b1));
      assign data[i] = k[i];
    end
    for (i = WIDTH; i < 8 * GROUPS; i = i + 1) begin : above
      assign select[i] = 1'b0;
      assign data[i] = 1'b0;
    end
    for (i = 0; i < GROUPS; i = i + 1) begin : groups
      wire [7:0] carries;
      CARRY8 #(.CARRY_TYPE("SINGLE_CY8")) u_carry (
        .CO(carries), .O(total[8*i+:8]), .CI(carry[i]), .CI_TOP(1'b0), .DI(data[8*i+:8]), .S(select[8*i+:8]));
      assign carry[i+1] = carries[7];
    end
  endgenerate
  assign sum = total[WIDTH-1:0];
endmodule

`default_nettype wire
)");
}

std::string verilog_xilinx_cells() {
  return R"(// What the cells of UltraScale do, for simulation alone; synthesis has its own.
/* verilator lint_off DECLFILENAME */
/* verilator lint_off UNUSEDSIGNAL */
`default_nettype none

module LUT6_2 #(
  parameter [63:0] INIT = 64'd0
) (
  output wire O6,
  output wire O5,
  input  wire I0,
  input  wire I1,
  input  wire I2,
  input  wire I3,
  input  wire I4,
  input  wire I5
);
  assign O6 = INIT[{I5, I4, I3, I2, I1, I0}];
  assign O5 = INIT[{1'b0, I4, I3, I2, I1, I0}];
endmodule

module CARRY8 #(
  parameter CARRY_TYPE = "SINGLE_CY8"
) (
  output wire [7:0] CO,
  output wire [7:0] O,
  input  wire       CI,
  input  wire       CI_TOP,
  input  wire [7:0] DI,
  input  wire [7:0] S
);
  // One chain of eight. It is the addition of two numbers whose bits are DI and DI where S is 0, and 1 and 0 where it
  // is 1: so carries are DI, or passed on.
  wire [8:0] total = {1'b0, S | DI} + {1'b0, ~S & DI} + {8'd0, CI};
  assign O = total[7:0];
  assign CO = {total[8], total[7:1] ^ S[7:1]};
endmodule

`default_nettype wire
)";
}

}  // namespace hgq::rtl
