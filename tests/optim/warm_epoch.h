// That an epoch of training takes no memory, once another one has gone before it.
#pragma once

#include <cstdint>

#include "hgq/data/dataset.h"
#include "hgq/optim/train_step.h"
#include "hgq/tests/support/allocation_counter.h"

namespace hgq::testing {

/// Trains for two epochs, and counts the allocations of the second one.
inline int64_t allocations_of_a_warm_epoch(TrainStep& step, Batches& batches) {
  const auto epoch = [&] {
    step.computation().start_epoch();
    for (const Batch& batch : batches) {
      step.run(batch);
      step.computation().add_batch();
    }
  };
  epoch();
  const AllocationCounter counter;
  epoch();
  return counter.count();
}

}  // namespace hgq::testing
