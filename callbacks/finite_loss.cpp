#include "hgq/callbacks/finite_loss.h"

#include <cmath>

namespace hgq {

bool has_finite_loss(Training& t) {
  for (const Batch& batch : t.train.batches(t.batch_size)) {
    t.step.forward(batch);
    if (!std::isfinite(t.step.loss())) return false;
  }
  return true;
}

}  // namespace hgq
