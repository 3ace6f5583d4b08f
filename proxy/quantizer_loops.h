// The function that computes a FixedPointQuantizer for a block of rows.
#pragma once

#include <span>

#include "hgq/core/fixed_point.h"
#include "hgq/proxy/signal.h"

namespace hgq {

/// Converts element e of every row to types[e], and counts overflows (see quantizer.h). The results are int64
/// mantissas.
ProxyFunction quantizer_function(const ProxySignal& input, std::span<const Kbi> types, Rounding rounding,
                                 Overflow overflow);

}  // namespace hgq
