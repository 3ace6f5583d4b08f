// A module of hardware, in no language yet: what the writers of Verilog and VHDL print.
//
// It has signals, of which some are its ports, and items in an order in which each signal is driven before it is used:
// statements, which drive one signal each, and instances of other modules. All signals are vectors without signs;
// where a sign counts, bits are repeated or inverted explicitly.
//
//   y = {x[7], x[7:2]} + z:   {Form::kSum, y, {{bits 2 to 7 of x, a copy of bit 7}, {bits of z}}}
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hgq::rtl {

/// Bits of a signal, copies of one bit, or a number.
struct Piece {
  int signal = -1;  // index into HdlModule::signals; -1: a number
  int low = 0;      // the first bit of the signal, or the one that is repeated
  int bits = 0;     // of a number at most 64
  bool repeated = false;
  bool inverted = false;
  uint64_t number = 0;
};

/// Pieces beside each other, the lowest first.
using Bits = std::vector<Piece>;

int width_of(const Bits& bits);
/// Puts bits above others; numbers that meet become one.
void append(Bits& bits, const Piece& piece);
void append(Bits& bits, const Bits& more);

enum class Form : uint8_t {
  kJoin,    // operand 0
  kSum,     // the sum of the operands, the last `subtracted` of which are subtracted, modulo 2^width, above `below`
  kXor,     // of all operands, above `below`
  kChoose,  // operand 1 if operand 0 is 1, otherwise operand 2
  kAny,     // 1 if any bit of operand 0 is 1
  kAll,     // 1 if all bits of operand 0 are 1
  kAnd,     // of operands 0 and 1
  kOr,      // of operands 0 and 1
  kInvert,  // every bit of operand 0
  kLess,    // 1 if operand 0 < operand 1, both without signs
  kLookUp,  // the entry of table `table` at operand 0
  kStore,   // a register: operand 0 one clock later
};

/// All operands of a sum are as wide as the signal less `below`.
struct Statement {
  Form form = Form::kJoin;
  int signal = -1;
  int low = 0, bits = 0;  // of kJoin: the bits of the signal that it drives, if not all
  std::vector<Bits> operands{};
  int subtracted = 0;
  Bits below{};
  int table = -1;
  std::string comment{};
};

struct Instance {
  std::string module{};
  std::string label{};
  int width = 0;         // its parameter WIDTH, if it has one
  bool clocked = false;  // its clock, clock enable and reset are those of the module around it
  /// Its port, and bits of a signal that are neither repeated nor inverted. Outputs drive whole signals.
  std::vector<std::pair<std::string, Piece>> connections{};
  std::string comment{};
};

struct Signal {
  enum class Role : uint8_t { kInternal, kInput, kOutput };

  std::string name{};
  int bits = 0;
  Role role = Role::kInternal;
  bool is_register = false;
  bool outside = false;  // a port of a top, or joined with one: std_logic_vector in VHDL, where others are unsigned
  std::string comment{};
};

struct LookUpTable {
  std::string name{};
  int index_bits = 0;
  int bits = 0;
  std::span<const int64_t> entries{};  // of the circuit, which must outlive the module
};

struct HdlModule {
  std::string name{};
  std::vector<std::string> about{};  // lines of the comment before it
  bool clocked = false;              // ports clk and, if the circuit has them, ce and rst
  bool clock_enable = false;
  bool reset = false;
  std::vector<std::pair<std::string, int64_t>> constants{};
  std::vector<Signal> signals{};
  std::vector<LookUpTable> tables{};
  std::vector<std::variant<Statement, Instance>> items{};

  const Signal& signal(int index) const { return signals[static_cast<size_t>(index)]; }
  int add(Signal signal);
  /// All of a signal.
  Piece whole(int index) const { return {.signal = index, .bits = signal(index).bits}; }
  bool is_whole(const Piece& piece) const;
};

/// A port of a module: the clock, clock enable or reset, or one of its signals.
struct HdlPort {
  std::string name{};
  std::string comment{};
  const Signal* signal = nullptr;  // of the module; nullptr for the clock and what goes with it
};

/// In the order of their declaration: the clock and what goes with it, inputs, outputs. The module must stay.
std::vector<HdlPort> ports_of(const HdlModule& module);

/// An entry of a table as the bits of its signal.
uint64_t entry_bits(const LookUpTable& table, size_t index);

}  // namespace hgq::rtl
