// All modules of a circuit, in no language yet.
//
//   const rtl::HdlDesign design = rtl::describe_design(circuit, {});       // circuit must outlive the design
#pragma once

#include <map>
#include <string>
#include <vector>

#include "hgq/rtl/circuit.h"
#include "hgq/rtl/hdl.h"
#include "hgq/rtl/hdl_module.h"

namespace hgq::rtl {

struct HdlDesign {
  std::vector<HdlModule> modules{};     // each after those that it has instances of; the last two are the tops
  std::map<int, std::string> adders{};  // modules of cells that add three operands, by how many are subtracted
  std::string top{}, ports_top{};
  int64_t input_bits = 0, output_bits = 0;  // of the vectors
  int latency = 0;
  bool clocked = false;
  bool clock_enable = false, reset = false;  // ports, which only a clocked design has
};

/// The top with two vectors, with its ports and its latency and nothing in it.
HdlModule empty_top(const HdlDesign& design);

HdlDesign describe_design(const Circuit& circuit, const HdlOptions& options);

}  // namespace hgq::rtl
