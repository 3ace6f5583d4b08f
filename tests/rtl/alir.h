// Circuits in ALIR, the open format of alkaid 0.8 (docs/alir.md of alkaid, version 4 of the format), whose interpreter
// is a second judge of them.
#pragma once

#include <string>

#include "hgq/rtl/circuit.h"

namespace hgq::rtl {

/// The circuit, which must have no registers, as a JSON document. Its inputs and outputs are the wires of all ports
/// that have one, in order, as whole numbers.
std::string to_alir(const Circuit& circuit);

}  // namespace hgq::rtl
