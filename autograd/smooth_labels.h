// Targets of cross-entropies with smoothed labels, as Keras' label_smoothing makes them.
#pragma once

#include <cstdint>

#include "hgq/autograd/tape.h"

namespace hgq::ops {

/// Targets [..., classes] of which a share `smoothing` is spread equally over the classes: y (1 - s) + s / classes.
/// `sparse`: the targets are class numbers, otherwise they have a value for each class already, or, with binary
/// targets, are answers of two classes each. No gradient flows to them.
Var smooth_labels(Var target, int64_t classes, bool sparse, float smoothing);

}  // namespace hgq::ops
