// Layers that only move elements: element e of the output is a given element of one of the inputs, or 0.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "hgq/proxy/signal.h"

namespace hgq {

/// `sources` has an entry for each element of `shape`. The inputs must be all fixed-point or all floats. Otherwise
/// throws ShapeError, with a message that begins with `where`.
ProxyPlan move_plan(std::span<const ProxySignal* const> in, const Shape& shape, std::vector<MoveSource> sources,
                    std::string_view where);

}  // namespace hgq
