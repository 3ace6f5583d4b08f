// Notes about what hls4ml 1.3.0 computes differently from the model, or cannot read at all. The user gets them for
// every proxy that is made, that `verify` reads, or that would be made from a config. docs/hls4ml.md lists what was
// tested.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hgq/proxy/model.h"

namespace hgq {

/// One line for each such layer, with its name. `signal` returns the ProxySignal of the layer with this index.
std::vector<std::string> firmware_notes(const ProxyModel& model, const std::function<const ProxySignal&(int)>& signal);

}  // namespace hgq
