// report.json of an RTL folder, as `hgq-train verify` needs it.
//
//   const RtlReport report = read_rtl_report("magic_rtl");
//   std::printf("%s, outputs %d clocks later\n", report.design.top.c_str(), report.design.latency);
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/proxy/model.h"
#include "hgq/rtl/circuit.h"
#include "hgq/rtl/hdl.h"
#include "hgq/rtl/hdl_design.h"
#include "hgq/rtl/input_quantizer.h"
#include "hgq/rtl/to_rtl.h"

namespace hgq {

inline constexpr std::string_view kRtlReport = "report.json";
/// The copy of the proxy in the folder, which a simulation is compared with.
inline constexpr const char* kRtlProxy = "proxy.h5";

struct RtlReport {
  std::string file;  // its path
  rtl::HdlLanguage language = rtl::HdlLanguage::kVerilog;
  rtl::HdlTarget target = rtl::HdlTarget::kGeneric;
  RtlSoftmax softmax = RtlSoftmax::kRefuse;
  rtl::HdlDesign design{};  // the top with its ports and its latency, without modules
  rtl::Circuit ports{};     // a circuit that has only the ports: enough to write and read rows of a test bench
  std::vector<std::string> quantizers{};  // of each input port
  int64_t rows = 0;                       // of its test bench
  std::vector<std::string> files{};  // of the folder, relative to it; sources in the order in which they are compiled
};

/// Whether there is a file of this name in the folder.
bool has_rtl_report(const std::string& folder);

/// Throws FileError, with the place in the file, unless it is there, is JSON, and has all keys with values that can be.
RtlReport read_rtl_report(const std::string& folder);

/// Throws FileError unless the ports are those that a circuit of the proxy can have. `reference` is what the circuit
/// must equal (rtl_reference()), `quantizers` are its rtl::input_quantizers().
void check_rtl_ports(const RtlReport& report, const RtlReference& reference,
                     const std::vector<rtl::InputQuantizer>& quantizers);

}  // namespace hgq
