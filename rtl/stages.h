// In which stage of a pipeline each node of a circuit is computed, so that few bits need registers.
//
// Between stage k - 1 and stage k is cut k. A wire that is read in a later stage than its own crosses the cuts between,
// and needs a register at each, however many read it. So the registers at one cut are those of the wires that cross it;
// with the other cuts where they are, the best place of one cut is a minimum cut of a graph, which is found exactly.
// Cut after cut is moved to its best place until none gets better; the first places are thresholds of the time at which
// wires are there, by dynamic programming over all thresholds.
//
// For the circuit of a pipeline see rtl/pipeline.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "hgq/rtl/circuit.h"
#include "hgq/rtl/delay.h"

namespace hgq::rtl {

/// What of a circuit matters for its stages. Nodes that depend on constants alone have no place in it.
class StageGraph {
 public:
  StageGraph(const Circuit& circuit, const DelayModel& model);

  size_t size() const { return delays_.size(); }
  bool is_constant(size_t node) const { return constant_[node]; }
  bool is_input(size_t node) const { return operands_of(node).empty(); }
  bool is_output(size_t node) const { return output_[node]; }
  double delay(size_t node) const { return delays_[node]; }
  double longest_node() const;
  int bits(size_t node) const { return bits_[node]; }
  std::span<const int32_t> operands_of(size_t node) const { return of(operands_, node); }
  std::span<const int32_t> readers_of(size_t node) const { return of(readers_, node); }

 private:
  struct Lists {
    std::vector<size_t> first;
    std::vector<int32_t> items;
  };
  static std::span<const int32_t> of(const Lists& lists, size_t node) {
    return std::span(lists.items).subspan(lists.first[node], lists.first[node + 1] - lists.first[node]);
  }

  std::vector<double> delays_;
  std::vector<int> bits_;
  std::vector<bool> constant_, output_;
  Lists operands_, readers_;
};

struct Stages {
  int count = 0;
  double delay = 0;          // of the slowest, without a register's own time
  std::vector<int> stage{};  // of each node, from 0; inputs have 0
};

/// Each node as early as it can be, in stages of at most this delay; nullopt if a node alone takes longer.
std::optional<Stages> earliest_stages(const StageGraph& graph, double delay);
/// So many stages, the slowest as fast as possible.
Stages fastest_stages(const StageGraph& graph, int count);
/// As many stages of at most the same delay, with fewer bits that cross from one to the next.
Stages with_fewest_registers(const StageGraph& graph, const Stages& stages);

/// Bits of registers, those behind the last stage included.
int64_t register_bits(const StageGraph& graph, const Stages& stages);

}  // namespace hgq::rtl
