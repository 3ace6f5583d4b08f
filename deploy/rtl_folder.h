// The folder of an RTL project (rtl/to_rtl.h): written whole or not at all, and simulated against the emulator.
//
//   const RtlOptions options{.latency = 4};
//   write_rtl_folder("rtl", to_rtl(load_proxy("proxy.h5"), options, workers), options, "proxy.h5", false);
//   const RtlSimulation simulation = simulate_rtl_folder("rtl", nullptr, built_in_layer_kinds(), workers);
//   std::puts(simulation.equal ? "equal in every bit" : simulation.output.c_str());
//
// Beside the files of rtl/hdl.h, the folder holds report.json, and proxy.h5, the proxy that it was made of.
#pragma once

#include <cstdint>
#include <string>

#include "hgq/core/parallel.h"
#include "hgq/data/dataset.h"
#include "hgq/layers/kinds.h"
#include "hgq/rtl/to_rtl.h"

namespace hgq {

/// Writes the files of the project, the report, and a copy of the proxy's file. Throws ConfigError if there is
/// something with this name already, unless `force` is set and it is an empty folder, or an RTL folder without files of
/// others, which is then replaced. Throws FileError, or RunError if the disk fails; what was there before is then still
/// there.
void write_rtl_folder(const std::string& folder, const RtlProject& project, const RtlOptions& options,
                      const std::string& proxy_file, bool force);

/// Throws as write_rtl_folder() does if it would refuse to write there: to be called before long work.
void check_rtl_folder(const std::string& folder, bool force);

/// Whether it is a folder that write_rtl_folder() has written.
bool is_rtl_folder(const std::string& folder);

struct RtlSimulation {
  int64_t rows = 0;
  int64_t rows_with_overflow = 0;
  bool equal = false;    // all rows in all bits
  std::string language;  // "verilog", "vhdl"
  std::string output;    // what the test bench has printed
};

/// Simulates the sources in the folder on all rows of `data`, or, if it is nullptr, on those that were written with
/// them, by Verilator or Icarus Verilog, or GHDL for VHDL. Throws ConfigError if none of them is installed, FileError
/// if the folder is not whole or its report does not fit its proxy, RunError if the simulator fails.
RtlSimulation simulate_rtl_folder(const std::string& folder, const Dataset* data, const LayerKinds& kinds,
                                  Workers& workers);

}  // namespace hgq
