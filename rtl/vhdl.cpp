#include "hgq/rtl/vhdl.h"

#include <algorithm>
#include <array>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/rtl/adder_of_three.h"
#include "hgq/rtl/text_lines.h"

namespace hgq::rtl {
namespace {

constexpr std::string_view kLibraries = "library ieee;\nuse ieee.std_logic_1164.all;\nuse ieee.numeric_std.all;\n\n";

std::string digits(uint64_t value, int bits) {
  std::string text;
  for (int i = bits - 1; i >= 0; --i) text += (value >> static_cast<unsigned>(i) & 1U) != 0 ? '1' : '0';
  return text;
}

std::string vector_range(int bits) { return concat("(", bits - 1, " downto 0)"); }

class VhdlWriter {
 public:
  explicit VhdlWriter(const HdlModule& module) : module_(module) {}

  std::string text() {
    for (const std::string& line : module_.about) out_ += concat("-- ", line, "\n");
    out_ += kLibraries;
    write_ports();
    out_ += concat("architecture rtl of ", module_.name, " is\n");
    for (const auto& [name, value] : module_.constants)
      out_ += concat("  constant ", name, " : natural := ", value, ";\n");
    for (const LookUpTable& table : module_.tables) write_table(table);
    for (const Signal& signal : module_.signals) {
      if (signal.role == Signal::Role::kInternal)
        out_ += concat("  signal ", signal.name, " : ", type_of(signal), start_of(signal), ";\n");
    }
    out_ += "begin\n";
    for (const auto& item : module_.items) {
      if (const auto* statement = std::get_if<Statement>(&item)) {
        write(*statement);
      } else {
        write(std::get<Instance>(item));
      }
    }
    write_registers();
    out_ += "end architecture;\n";
    return std::move(out_);
  }

 private:
  static std::string type_of(const Signal& signal) {
    return concat(signal.outside ? "std_logic_vector" : "unsigned", vector_range(signal.bits));
  }

  static std::string start_of(const Signal& signal) { return signal.is_register ? " := (others => '0')" : ""; }

  static std::string declaration_of(const HdlPort& port) {
    if (port.signal == nullptr) return port.name + " : in std_logic";
    return concat(port.name, port.signal->role == Signal::Role::kInput ? " : in " : " : out ", type_of(*port.signal),
                  start_of(*port.signal));
  }

  void write_ports() {
    const std::vector<HdlPort> ports = ports_of(module_);
    out_ += concat("entity ", module_.name, " is\n");
    for (const HdlPort& port : ports) {
      const std::string line = concat(&port == &ports.front() ? "  port (\n    " : "    ", declaration_of(port),
                                      &port != &ports.back() ? ";" : "");
      out_ += with_comment(line, "--", port.comment) + "\n";
    }
    out_ += concat(ports.empty() ? "" : "  );\n", "end entity;\n\n");
  }

  void write_table(const LookUpTable& table) {
    out_ += concat("  type ", table.name, "_t is array (0 to ", table.entries.size() - 1, ") of unsigned",
                   vector_range(table.bits), ";\n");
    std::string line = concat("  constant ", table.name, " : ", table.name, "_t := (");
    for (size_t i = 0; i < table.entries.size(); ++i)
      line += concat(i == 0 ? "" : ", ", '"', digits(entry_bits(table, i), table.bits), '"');
    out_ += broken(line + ");", ", ", 4) + "\n";
  }

  /// As std_logic_vector or as unsigned.
  std::string text_of(const Piece& piece, bool outside) const {
    if (piece.signal < 0) return concat('"', digits(piece.number, piece.bits), '"');
    const Signal& signal = module_.signal(piece.signal);
    if (piece.repeated && piece.bits > 1)
      return concat("unsigned'(", piece.bits - 1, " downto 0 => ", signal.name, "(", piece.low, "))");
    std::string text = signal.name;
    if (piece.repeated || piece.bits < signal.bits)
      text += concat("(", piece.low + piece.bits - 1, " downto ", piece.low, ")");
    if (signal.outside != outside) text = concat(outside ? "std_logic_vector(" : "unsigned(", text, ")");
    return piece.inverted ? concat("(not ", text, ")") : text;
  }

  std::string joined(const Bits& bits, bool outside) const {
    std::string text;
    for (auto piece = bits.rbegin(); piece != bits.rend(); ++piece)
      text += concat(text.empty() ? "" : " & ", text_of(*piece, outside));
    return text;
  }

  /// As one operand of an operator.
  std::string operand_text(const Bits& bits) const {
    if (std::ranges::all_of(bits, [](const Piece& piece) { return piece.signal < 0; }))
      return concat("unsigned'(", joined(bits, false), ")");
    return bits.size() == 1 ? text_of(bits.front(), false) : concat("(", joined(bits, false), ")");
  }

  std::string sum(const Statement& statement) const {
    const size_t positive = statement.operands.size() - static_cast<size_t>(statement.subtracted);
    std::string text;
    for (size_t i = 0; i < statement.operands.size(); ++i) {
      const char* const sign = statement.form == Form::kXor ? " xor " : i < positive ? " + " : " - ";
      text += concat(i == 0 ? "" : sign, operand_text(statement.operands[i]));
    }
    return statement.below.empty() ? text : concat("(", text, ") & ", joined(statement.below, false));
  }

  std::string condition(const Bits& bits) const {
    const Piece& piece = bits.front();
    if (piece.signal < 0) return piece.number != 0 ? "true" : "false";
    return concat(module_.signal(piece.signal).name, "(", piece.low, ") = '1'");
  }

  /// What drives the signal, or a bit of it.
  std::string assignment(const Statement& statement) const {
    const Signal& signal = module_.signal(statement.signal);
    const auto operand = [&](size_t i) { return operand_text(statement.operands[i]); };
    const Piece part{.signal = statement.signal, .low = statement.low, .bits = statement.bits};
    const std::string target = statement.bits == 0 ? signal.name : text_of(part, signal.outside);
    const auto drive = [&](const std::string& value) { return concat(target, " <= ", value, ";"); };
    const auto drive_bit = [&](const std::string& value) { return concat(signal.name, "(0) <= ", value, ";"); };
    switch (statement.form) {
      case Form::kJoin:
      case Form::kStore:
        return drive(joined(statement.operands[0], signal.outside));
      case Form::kSum:
      case Form::kXor:
        return drive(sum(statement));
      case Form::kChoose:
        return drive(concat(joined(statement.operands[1], false), " when ", condition(statement.operands[0]), " else ",
                            joined(statement.operands[2], false)));
      case Form::kAny:
        return drive_bit("or " + operand(0));
      case Form::kAll:
        return drive_bit("and " + operand(0));
      case Form::kAnd:
        return drive(concat(operand(0), " and ", operand(1)));
      case Form::kOr:
        return drive(concat(operand(0), " or ", operand(1)));
      case Form::kInvert:
        return drive("not " + operand(0));
      case Form::kLess:
        return drive(concat("\"1\" when ", operand(0), " < ", operand(1), " else \"0\""));
      case Form::kLookUp:
        return drive(
            concat(module_.tables[static_cast<size_t>(statement.table)].name, "(to_integer(", operand(0), "))"));
    }
    throw Error("a statement of an unknown form");
  }

  void write(const Statement& statement) {
    if (statement.form == Form::kStore) return;
    out_ += with_comment(broken("  " + assignment(statement), "& ", 6), "--", statement.comment) + "\n";
  }

  void write(const Instance& instance) {
    std::vector<std::string> connections;
    if (instance.clocked) {
      connections.emplace_back("clk => clk");
      if (module_.clock_enable) connections.emplace_back("ce => ce");
      if (module_.reset) connections.emplace_back("rst => rst");
    }
    for (const auto& [port, piece] : instance.connections)
      connections.push_back(concat(port, " => ", text_of(piece, module_.signal(piece.signal).outside)));
    std::string line = concat("  ", instance.label, " : entity work.", instance.module);
    if (instance.width > 0) line += concat(" generic map (WIDTH => ", instance.width, ")");
    for (size_t i = 0; i < connections.size(); ++i) line += concat(i == 0 ? " port map (" : ", ", connections[i]);
    out_ += with_comment(broken(line + (connections.empty() ? ";" : ");"), ", ", 4), "--", instance.comment) + "\n";
  }

  void write_registers() {
    std::vector<const Statement*> stored;
    for (const auto& item : module_.items) {
      const auto* statement = std::get_if<Statement>(&item);
      if (statement != nullptr && statement->form == Form::kStore) stored.push_back(statement);
    }
    if (stored.empty()) return;
    out_ += "  process (clk)\n  begin\n    if rising_edge(clk) then\n";
    std::string before = "      ";
    if (module_.reset) {
      out_ += "      if rst = '1' then\n";
      for (const Statement* const statement : stored)
        out_ += concat("        ", module_.signal(statement->signal).name, " <= (others => '0');\n");
      out_ += concat("      ", module_.clock_enable ? "elsif ce = '1' then" : "else", "\n");
    } else if (module_.clock_enable) {
      out_ += "      if ce = '1' then\n";
    }
    const bool is_block = module_.reset || module_.clock_enable;
    for (const Statement* const statement : stored)
      out_ += broken(concat(is_block ? "        " : "      ", assignment(*statement)), "& ", 10) + "\n";
    out_ += concat(is_block ? "      end if;\n" : "", "    end if;\n  end process;\n");
  }

  const HdlModule& module_;
  std::string out_{};
};

}  // namespace

std::string vhdl_text(const HdlModule& module) { return VhdlWriter(module).text(); }

std::string vhdl_adder_of_three(const std::string& name, int subtracted) {
  static constexpr std::array<std::string_view, 3> kSums{"a + b + c", "a + b - c", "a - b - c"};
  const std::string first_k = subtracted == 2 ? "'1'" : "'0'";
  const std::string carry = subtracted >= 1 ? "'1'" : "'0'";
  std::string init;
  for (int i = 15; i >= 0; --i)
    init += "0123456789abcdef"[init_of_three(subtracted) >> static_cast<unsigned>(4 * i) & 15U];
  return concat("-- sum = ", kSums[static_cast<size_t>(subtracted)], R"( modulo 2**WIDTH in one carry chain.
-- O5 of each LUT is the carry out of its three bits, which joins the next position as k; O6 is the sum of all four.
library unisim;
use unisim.vcomponents.all;
)",
                kLibraries, "entity ", name, R"( is
  generic (WIDTH : positive := 8);
  port (
    a : in unsigned(WIDTH - 1 downto 0);
    b : in unsigned(WIDTH - 1 downto 0);
    c : in unsigned(WIDTH - 1 downto 0);
    sum : out unsigned(WIDTH - 1 downto 0)
  );
end entity;

architecture rtl of )",
                name, R"( is
  constant GROUPS : positive := (WIDTH + 7) / 8;
  signal k : std_logic_vector(WIDTH downto 0);
  signal data, propagate, carries, total : std_logic_vector(8 * GROUPS - 1 downto 0);
  signal carry : std_logic_vector(GROUPS downto 0);
begin
  k(0) <= )",
                first_k, R"(;
  carry(0) <= )",
                carry, R"(;
  bits : for i in 0 to WIDTH - 1 generate
    u_lut : LUT6_2 generic map (INIT => X")",
                init, R"(")
      port map (O6 => propagate(i), O5 => k(i + 1), I0 => a(i), I1 => b(i), I2 => c(i), I3 => k(i), I4 => '0', I5 => '1');
    data(i) <= k(i);
  end generate;
  above : for i in WIDTH to 8 * GROUPS - 1 generate
    propagate(i) <= '0';
    data(i) <= '0';
  end generate;
  chain : for i in 0 to GROUPS - 1 generate
    u_carry : CARRY8 generic map (CARRY_TYPE => "SINGLE_CY8")
      port map (CO => carries(8 * i + 7 downto 8 * i), O => total(8 * i + 7 downto 8 * i), CI => carry(i), CI_TOP => '0',
                DI => data(8 * i + 7 downto 8 * i), S => propagate(8 * i + 7 downto 8 * i));
    carry(i + 1) <= carries(8 * i + 7);
  end generate;
  sum <= unsigned(total(WIDTH - 1 downto 0));
end architecture;
)");
}

std::string vhdl_xilinx_cells() {
  return R"(-- What the cells of UltraScale do, for simulation alone, in library unisim; synthesis has its own.
library ieee;
use ieee.std_logic_1164.all;

package vcomponents is
  component LUT6_2 is
    generic (INIT : bit_vector(63 downto 0) := X"0000000000000000");
    port (
      O5 : out std_ulogic;
      O6 : out std_ulogic;
      I0 : in std_ulogic;
      I1 : in std_ulogic;
      I2 : in std_ulogic;
      I3 : in std_ulogic;
      I4 : in std_ulogic;
      I5 : in std_ulogic
    );
  end component;

  component CARRY8 is
    generic (CARRY_TYPE : string := "SINGLE_CY8");
    port (
      CO : out std_logic_vector(7 downto 0);
      O : out std_logic_vector(7 downto 0);
      CI : in std_ulogic := '0';
      CI_TOP : in std_ulogic := '0';
      DI : in std_logic_vector(7 downto 0);
      S : in std_logic_vector(7 downto 0)
    );
  end component;
end package;

library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

entity LUT6_2 is
  generic (INIT : bit_vector(63 downto 0) := X"0000000000000000");
  port (
    O5 : out std_ulogic;
    O6 : out std_ulogic;
    I0 : in std_ulogic;
    I1 : in std_ulogic;
    I2 : in std_ulogic;
    I3 : in std_ulogic;
    I4 : in std_ulogic;
    I5 : in std_ulogic
  );
end entity;

architecture behaviour of LUT6_2 is
begin
  process (all)
    variable low : unsigned(4 downto 0);
  begin
    low := I4 & I3 & I2 & I1 & I0;
    O5 <= to_stdulogic(INIT(to_integer(low)));
    O6 <= to_stdulogic(INIT(to_integer(I5 & low)));
  end process;
end architecture;

library ieee;
use ieee.std_logic_1164.all;

entity CARRY8 is
  generic (CARRY_TYPE : string := "SINGLE_CY8");
  port (
    CO : out std_logic_vector(7 downto 0);
    O : out std_logic_vector(7 downto 0);
    CI : in std_ulogic := '0';
    CI_TOP : in std_ulogic := '0';
    DI : in std_logic_vector(7 downto 0);
    S : in std_logic_vector(7 downto 0)
  );
end entity;

architecture behaviour of CARRY8 is
begin
  process (all)
    variable carry : std_ulogic;
  begin
    carry := CI;
    for i in 0 to 7 loop
      if i = 4 and CARRY_TYPE = "DUAL_CY4" then
        carry := CI_TOP;
      end if;
      O(i) <= S(i) xor carry;
      if S(i) = '0' then
        carry := DI(i);
      end if;
      CO(i) <= carry;
    end loop;
  end process;
end architecture;
)";
}

}  // namespace hgq::rtl
