// What the sample circuits are made with.
#pragma once

#include <cstdint>
#include <random>
#include <span>

#include "hgq/rtl/circuit.h"

namespace hgq::rtl {

/// Random numbers in order.
class Random {
 public:
  explicit Random(uint64_t seed) : bits_(seed) {}
  uint64_t bits() { return bits_(); }
  /// 0 to count - 1.
  int below(int count) { return static_cast<int>(bits_() % static_cast<uint64_t>(count)); }
  bool coin() { return (bits_() >> 20 & 1U) != 0; }

 private:
  std::mt19937_64 bits_;
};

inline Operand plain(int32_t node) { return {node, 0, false}; }

inline Interval range_of(const Circuit& circuit, const Operand& operand) {
  const Interval& r = circuit.node(operand.node).range;
  const int64_t low = r.low * (int64_t{1} << operand.shift);
  const int64_t high = r.high * (int64_t{1} << operand.shift);
  return operand.negative ? Interval{-high, -low} : Interval{low, high};
}

inline Interval sum_of(const Circuit& circuit, std::span<const Operand> operands) {
  Interval sum;
  for (const Operand& operand : operands) {
    const Interval r = range_of(circuit, operand);
    sum = {sum.low + r.low, sum.high + r.high};
  }
  return sum;
}

inline int uses_of(const Circuit& circuit, int32_t node) {
  int uses = 0;
  for (const Node& reader : circuit.nodes)
    for (const Operand& operand : reader.reads()) uses += operand.node == node ? 1 : 0;
  for (const Port& port : circuit.outputs)
    for (const Feature& feature : port.features) uses += feature.node == node ? 1 : 0;
  return uses;
}

}  // namespace hgq::rtl
