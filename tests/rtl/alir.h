// Circuits in ALIR, the open format of alkaid 0.8 (version 4, which alkaid's documentation describes), whose
// interpreter is a second judge of them.
#pragma once

#include <string>

#include "hgq/rtl/circuit.h"

namespace hgq::rtl {

/// The circuit, which must have no registers, as a JSON document. Its inputs and outputs are the wires of all ports
/// that have one, in order, as whole numbers.
std::string to_alir(const Circuit& circuit);

}  // namespace hgq::rtl
