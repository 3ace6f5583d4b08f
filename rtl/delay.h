// How long a circuit's nodes take, by a simple model of an FPGA, and where its longest path is.
//
// Two units of the same model: nanoseconds, and adder levels (the adders, comparisons and tables one behind another).
//
//   const rtl::Delays delays = rtl::delays_of(circuit);
//   std::printf("%.2f ns\n", delays.longest);
//
// The nanoseconds are typical values of a middle speed grade of UltraScale+, taken from what data sheets and timing
// reports in public show: a lookup table with an average net behind it about 0.4 ns, of which the net is two thirds; 8
// bits of a carry chain somewhat more than 0.1 ns; a flip-flop from clock to output and its set-up together about 0.1
// ns. They have not been measured on circuits of this library. Nets of large fan-out, or across a full device, are
// slower: expect 20 to 50 % more there. Real clock rates are what a vendor's tool reports.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "hgq/rtl/circuit.h"

namespace hgq::rtl {

struct DelayModel {
  double adder = 0.5;       // of a sum or a comparison: into the carry chain, and out of it
  double carry = 0.015;     // each bit of the chain
  double third = 0.4;       // a sum of three: another lookup table before the chain
  double gate = 0.4;        // a lookup table: a gate, a mux, each step of a reduction of up to 6 bits at a time
  double table = 0.4;       // up to 6 bits of index
  double table_bit = 0.15;  // each further bit of index
  double flip_flop = 0.1;   // from the clock to the output and set-up; comes to every stage's delay once
  std::string_view unit = "ns";
  double step = 0.01;  // to whose multiples delays are rounded in messages

  static DelayModel nanoseconds() { return {}; }
  /// Gates and muxes between adders are not counted; four more bits of index are like another table.
  static DelayModel adder_levels() {
    return {.adder = 1,
            .carry = 0,
            .third = 0,
            .gate = 0,
            .table = 1,
            .table_bit = 0.25,
            .flip_flop = 0,
            .unit = "adder levels",
            .step = 1};
  }
};

/// From the operands of a node to its wire. A slice, an inverter, and a sum without a chain take no time.
double delay_of(const Circuit& circuit, const Node& node, const DelayModel& model = {});

struct Delays {
  /// When each wire is there, from the clock or from when the inputs are there; 0 for a register.
  std::vector<double> ready;
  double longest = 0;  // of all
};
Delays delays_of(const Circuit& circuit, const DelayModel& model = {});

/// Least period of a clock: the longest path from register or input to register or output, and the register's own time
/// if there is one.
double clock_period(const Circuit& circuit, const DelayModel& model = {});

/// The nodes of the longest path, first to last.
std::vector<int32_t> longest_path(const Circuit& circuit, const DelayModel& model = {});

}  // namespace hgq::rtl
