// The module of one layer: a statement for each of its nodes.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "hgq/rtl/adder_meaning.h"
#include "hgq/rtl/circuit.h"
#include "hgq/rtl/hdl.h"
#include "hgq/rtl/hdl_module.h"
#include "hgq/rtl/module_plan.h"

namespace hgq::rtl {

/// Names that modules share: of tables, by table and bits of its entries, and of the modules of cells that add three
/// operands, by the number of those that are subtracted.
struct SharedNames {
  std::map<std::pair<int, int>, std::string> tables{};
  std::map<int, std::string> adders{};
  std::vector<int> reads{};  // of each node, how often it is read
};

/// Sums of three operands become cells for kXilinx; `shared` gets the names of what the module uses.
HdlModule describe_layer(const Circuit& circuit, ModulePlan& plan, const LayerModule& layer,
                         const AdderMeanings& meanings, const HdlOptions& options, SharedNames& shared);

}  // namespace hgq::rtl
