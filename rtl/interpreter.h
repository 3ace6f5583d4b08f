// Computes a circuit on data, wire by wire as in the FPGA.
//
// Each bit of a wire is computed for 512 rows at once, one in each bit of a vector, with the operations of gates: a sum
// is a chain of full adders of just the bits that the node has. So what is found here is what the wires carry, not what
// the nodes are meant to mean. Registers pass their values on: the result for a row is what comes out `latency` clocks
// after it went in.
//
//   const rtl::Interpreter interpreter(circuit);
//   const std::vector<rtl::PortValues> in{{3, -1, 4, 1}};                 // of the only input: two rows of two features
//   const std::vector<rtl::PortValues> out = interpreter.run(in, 2);
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/rtl/circuit.h"

namespace hgq::rtl {

/// Mantissas of one port, [rows, features]: a feature's value is its mantissa * 2^exponent; 0 where it has no wire.
using PortValues = std::vector<int64_t>;

class Interpreter {
 public:
  /// `circuit` must outlive the interpreter.
  explicit Interpreter(const Circuit& circuit);

  /// `inputs` has an entry for each input port. Throws ShapeError if one has another size than rows * features. Bits of
  /// a mantissa that its wire does not have are ignored.
  std::vector<PortValues> run(std::span<const PortValues> inputs, int64_t rows, Workers* workers = nullptr) const;

 private:
  static constexpr size_t kWords = 8;
  /// One bit of a wire, for 512 rows.
  using Lane = std::array<uint64_t, kWords>;
  static constexpr int64_t kBlock = kWords * 64;

  void run_block(std::span<const PortValues> inputs, int64_t first, int64_t rows, std::vector<Lane>& wires,
                 std::vector<PortValues>& outputs) const;
  void compute(size_t index, std::vector<Lane>& wires) const;
  void sum(const Node& node, Lane* out, const std::vector<Lane>& wires) const;
  void less(const Node& node, Lane* out, const std::vector<Lane>& wires) const;
  void look_up(const Node& node, Lane* out, const std::vector<Lane>& wires) const;
  /// A bit of an operand's value before its sign is applied: 0 below its shift, copies of the sign above its wire.
  Lane bit(const Operand& operand, int position, const std::vector<Lane>& wires) const;

  const Circuit& circuit_;
  std::vector<size_t> first_;  // lane of bit 0 of each node
  size_t lanes_ = 0;
};

}  // namespace hgq::rtl
