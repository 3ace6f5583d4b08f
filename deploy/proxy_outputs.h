// The outputs of a proxy as losses and metrics see them.
#pragma once

#include <vector>

#include "hgq/deploy/model_extras.h"
#include "hgq/optim/prediction_evaluation.h"
#include "hgq/proxy/emulator.h"
#include "hgq/proxy/model.h"

namespace hgq {

/// Name, shape and function of each output. The names of several outputs are those that they have in the model, if the
/// file says them. The function is that of the extras; for files that do not have it (of
/// earlier versions, or not of hgq) that of the layer, or, for a table with values in [0, 1] behind a loss of binary
/// targets, a sigmoid.
std::vector<EvaluatedOutput> proxy_outputs(const ProxyModel& proxy, const Emulator& emulator,
                                           const ModelExtras& extras);

}  // namespace hgq
