// What a circuit needs of an FPGA with 6-input lookup tables: counted, and estimated without synthesis.
//
// Counts are exact. The estimate is a linear function of them, with coefficients (in estimate.cpp) that were fitted to
// yosys' synth_xilinx on networks of all kinds by tools/fit_rtl_estimate.py, which also says how far off it is:
// `spread` is the relative error that nine of ten circuits stay below which it was not fitted on. Large tables (more
// than 8 bits of index) are worse: yosys needs up to four times as much for them. Other tools, and a full device, give
// other numbers.
//
//   const rtl::Estimate estimate = rtl::estimate(circuit);
//   std::printf("%.0f LUT +- %.0f %%\n", estimate.total.luts, 100 * estimate.lut_spread);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hgq/rtl/circuit.h"

namespace hgq::rtl {

struct ResourceCounts {
  int adders = 0;          // sums of two or three that need a carry chain
  int64_t adder_bits = 0;  // cells of the sums of two
  int64_t three_bits = 0;  // cells of the sums of three
  int64_t mux_bits = 0;    // of choices between two values
  int64_t gate_bits = 0;   // of choices between a value and a constant, and of other gates
  int64_t comparison_bits = 0;
  int64_t table_bits = 0;  // lookup tables that hold all entries
  int64_t register_bits = 0;
  double luts = 0;  // estimated
  double ffs = 0;   // estimated
};

struct LayerEstimate : ResourceCounts {
  std::string layer{};
  int first_level = 0, last_level = 0;  // adder levels before its first node and up to its last
};

struct Estimate {
  std::vector<LayerEstimate> layers;  // those that have nodes, as in the circuit
  ResourceCounts total;
  double lut_spread = 0;  // relative
  double ff_spread = 0;
};

Estimate estimate(const Circuit& circuit);

}  // namespace hgq::rtl
