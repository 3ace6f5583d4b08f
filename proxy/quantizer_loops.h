// The loops of a FixedPointQuantizer over a block of rows.
#pragma once

#include <span>

#include "hgq/core/fixed_point.h"
#include "hgq/proxy/signal.h"

namespace hgq {

/// Brings element e of every row into types[e], and counts overflows (see quantizer.h). The results are int64
/// mantissas.
ProxyFunction quantizer_function(const ProxySignal& input, std::span<const Kbi> types, Rounding rounding,
                                 Overflow overflow);

}  // namespace hgq
