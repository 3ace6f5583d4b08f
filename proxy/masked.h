// Elements of quantizers whose values are not used, because they only lead, through ReLUs, to quantizers without bits
// for them.
//
// A unit without bits after its ReLU has lost its bias in the proxy (quantization.md 3.2). So the value that reaches
// the quantizer before the ReLU is not a value of the model, and can be out of range: that is not an overflow, and the
// result has no meaning.
#pragma once

#include <vector>

#include "hgq/proxy/model.h"

namespace hgq {

/// Changes the plans of a model so that these elements are 0: all later values are the same, and no overflow is
/// counted.
void mask_unread(const ProxyModel& model, std::vector<ProxyPlan>& plans);

}  // namespace hgq
