// Which values of a proxy are read, and up to which bit: what is not read need not be computed.
//
// A value that only leads to quantizers without bits, to weights of 0, or to nothing, is not needed. If a quantizer
// that wraps is all that reads a value, nothing needs its bits above the type.
#pragma once

#include <limits>
#include <span>
#include <vector>

#include "hgq/proxy/model.h"

namespace hgq::rtl {

/// Nothing of the value is needed.
inline constexpr int kNoDemand = std::numeric_limits<int>::min() / 2;
/// All bits are needed.
inline constexpr int kFullDemand = std::numeric_limits<int>::max() / 2;

/// For each layer, for each element of its output, the exponent above which no bit is needed: with 3, the value modulo
/// 8 is enough.
std::vector<std::vector<int>> demands(const ProxyModel& model, std::span<const ProxyPlan> plans);

}  // namespace hgq::rtl
