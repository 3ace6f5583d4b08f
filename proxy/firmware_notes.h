// What hls4ml 1.3.0 computes otherwise than the model, or cannot read at all: said of every proxy that is made, read by
// `verify`, or would be made of a config. docs/hls4ml.md lists what was tried.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hgq/proxy/model.h"

namespace hgq {

/// A line for each layer that is so, which names it. `signal`: what a layer gives, by its index.
std::vector<std::string> firmware_notes(const ProxyModel& model, const std::function<const ProxySignal&(int)>& signal);

}  // namespace hgq
