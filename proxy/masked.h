// Elements of quantizers whose values nobody reads, as they only lead, through ReLUs, to quantizers without bits for
// them.
//
// A unit without bits behind its ReLU has lost its bias in the proxy (quantization.md 3.2), so what comes to the
// quantizer in front of the ReLU is no value of the model, and may lie anywhere: it is no overflow, and its result
// means nothing.
#pragma once

#include <vector>

#include "hgq/proxy/model.h"

namespace hgq {

/// Gives these elements 0 in the plans of a model: what follows is the same, and nothing is counted.
void mask_unread(const ProxyModel& model, std::vector<ProxyPlan>& plans);

}  // namespace hgq
