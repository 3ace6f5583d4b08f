// Layers that only move elements: element e of the output is a given element of one of the inputs, or 0.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "hgq/proxy/signal.h"

namespace hgq {

/// Where an element comes from: which input, and which element of it.
struct MoveSource {
  int input = 0;  // -1: from none, the element is 0
  int64_t element = 0;
};

/// `sources` has an entry for each element of `shape`. All inputs must be fixed-point, or all floats; ShapeError that
/// begins with `where` otherwise.
ProxyPlan move_plan(std::span<const ProxySignal* const> in, const Shape& shape, std::vector<MoveSource> sources,
                    std::string_view where);

}  // namespace hgq
