// Tells a network that has gone astray from one that cannot be traced for another reason.
#pragma once

#include "hgq/callbacks/callback.h"

namespace hgq {

/// Whether the loss is finite for all batches of the training data. If it is not, the next epoch finds that, too, and
/// ends the training. Computes the batches, so it is for a training that is about to end.
bool has_finite_loss(Training& t);

}  // namespace hgq
