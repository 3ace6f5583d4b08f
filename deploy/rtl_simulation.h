// The sources in an RTL folder, simulated against the emulator.
//
//   const RtlSimulation simulation = simulate_rtl_folder("rtl", nullptr, built_in_layer_kinds(), workers);
//   std::puts(simulation.rows_differ == 0 ? "equal in every bit" : simulation.differences.c_str());
//
// Of the folder only the sources, report.json and proxy.h5 are used. The test bench and its rows are made anew, and the
// outputs that it writes are compared here, so nothing that a script or a source prints can say that they are equal.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "hgq/core/parallel.h"
#include "hgq/data/dataset.h"
#include "hgq/layers/kinds.h"

namespace hgq {

struct RtlSimulation {
  int64_t rows = 0;
  int64_t rows_with_overflow = 0;
  int64_t rows_differ = 0;  // in any bit
  std::string language;     // "verilog", "vhdl"
  std::string simulator;    // "verilator", "iverilog", "ghdl"
  std::string differences;  // the first of them, a line for each
};

/// Simulates the sources on all rows of `data`, or, if it is nullptr, on as many random ones as the folder's test bench
/// has, by Verilator or Icarus Verilog, or GHDL for VHDL. The folder is only read. Throws ConfigError if none of them
/// is installed, FileError if the folder is not whole, its report does not fit its proxy or its sources, or these do
/// not compile or end the simulation; RunError if the disk fails or the simulator crashes; Interrupted if `stop`
/// becomes true.
RtlSimulation simulate_rtl_folder(const std::string& folder, const Dataset* data, const LayerKinds& kinds,
                                  Workers& workers, const std::atomic<bool>* stop = nullptr);

}  // namespace hgq
