// Verilog of what circuits mean, written in another way than the product's, to be proved equal to it.
#pragma once

#include <string>

#include "hgq/rtl/circuit.h"

namespace hgq::rtl {

/// Module `reference`, with the ports of the top: the value of each output as an expression of numbers with signs, of
/// 64 bits. All nodes that outputs are must read inputs and constants alone.
std::string reference_module(const Circuit& circuit);

}  // namespace hgq::rtl
