// A circuit: a list of nodes that compute whole numbers from whole numbers, exactly, each with its wire of so many
// bits.
//
// A circuit is made from a proxy (rtl/lowering.h), gets registers (rtl/pipeline.h), is computed on data
// (rtl/interpreter.h), and is written as Verilog or VHDL. A node has
//
//   range   all values that it can have. Its wire is in two's complement if there are negative ones.
//   bits    of its wire, from bit 0. They hold the whole range, unless nothing reads the upper bits; then they are
//           not built (trim()), and the wire holds the value modulo 2^bits.
//
// Nodes read others as operands: value * 2^shift, or minus that. So a shift is no node; it costs nothing. Features of a
// port have fractions, nodes do not:
//
//   x: feature {node 0, exponent -3}    the wire of node 0 holds x * 8
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/shape.h"
#include "hgq/rtl/adder_graph.h"

namespace hgq::rtl {

enum class NodeKind : uint8_t {
  kInput,     // bits of an input port
  kConstant,  // range.low
  kAdd,       // the sum of two or three operands
  kSlice,     // bits [low, low + bits) of operand 0, whose shift is 0
  kMux,       // operand 0 has one bit: 1 chooses operand 1, 0 operand 2
  kAny,       // 1 if any bit of operand 0 is 1
  kAll,       // 1 if all bits of operand 0 are 1
  kAnd,       // of two operands of one bit
  kOr,        // of two operands of one bit
  kNot,       // every bit of operand 0 inverted
  kLess,      // 1 if operand 0 is smaller than operand 1
  kTable,     // the entry of a table whose index is the wire of operand 0
  kRegister,  // operand 0, one clock later
};

struct Node {
  NodeKind kind = NodeKind::kConstant;
  uint8_t operand_count = 0;
  /// In a sum the smallest shift is 0, and at least one operand is not negative. In a mux and a comparison no operand
  /// is negative; of the others only a register's may have another shift than 0, and none may be negative.
  std::array<Operand, 3> operands{};
  Interval range{};
  int bits = 0;
  int low = 0;     // of a slice
  int table = -1;  // of a table: index into Circuit::tables
  int layer = 0;   // index into Circuit::layers: the one that it was made for

  bool is_signed() const { return range.low < 0; }
  std::span<const Operand> reads() const { return {operands.data(), operand_count}; }
  std::span<Operand> reads() { return {operands.data(), operand_count}; }
};

/// A number at a port: node * 2^exponent. Node -1 is a 0 that has no wire.
struct Feature {
  int32_t node = -1;
  int exponent = 0;
};

/// The numbers of one input or output of the model, row-major. Those that nothing reads have no wire.
struct Port {
  std::string name{};
  Shape shape{};
  std::vector<Feature> features{};
};

/// Entries for every value of the index's wire, read as an unsigned number.
struct Table {
  std::vector<int64_t> entries;
};

struct Circuit {
  std::string name{};
  std::vector<std::string> layers{};  // names of the layers of the proxy
  std::vector<Node> nodes{};          // each after those that it reads
  std::vector<Table> tables{};
  std::vector<Port> inputs{}, outputs{};
  int latency = 0;  // registers on every way from an input to an output

  const Node& node(int32_t index) const { return nodes[static_cast<size_t>(index)]; }
};

/// Where the chain of full adders of a sum begins: below that bit there is at most one operand, which is passed on. The
/// number of bits if there is no chain at all.
int chain_begin(const Circuit& circuit, const Node& sum);
/// Full adders that a sum needs; each has one or, with three operands, two more inputs than its carry.
int chain_bits(const Circuit& circuit, const Node& sum);

/// The bits of an operand that are read for the lowest `bits` bits of a value: without those above its range, which
/// repeat its sign.
int bits_read(const Node& operand, int shift, int bits);

/// Throws Error, which is a fault of this library, unless all of what is said above holds for every node.
void check_circuit(const Circuit& circuit);

/// Leaves out what no output reads: nodes, upper bits of wires, and tables.
Circuit trimmed(const Circuit& circuit);

}  // namespace hgq::rtl
