// What a training can name: losses, metrics, optimizers, schedules of the learning rate.
//
//   TrainingKinds kinds;                                        // all that hgq has
//   kinds.losses.add({.name = "log_cosh", .doc = "...", .make = make_log_cosh});
//   const LossPtr loss = make_loss(node, kinds.losses, errors);
//
// Each file of this folder that holds some has a function `register_FILE(TrainingKinds&)`, which CMakeLists.txt lists.
#pragma once

#include "hgq/config/kinds.h"
#include "hgq/optim/loss.h"
#include "hgq/optim/metric.h"
#include "hgq/optim/optimizer_config.h"
#include "hgq/optim/schedule_config.h"

namespace hgq {

struct TrainingKinds {
  /// With all that hgq has.
  TrainingKinds();

  Kinds<MakeLoss> losses{"a loss"};
  Kinds<MakeMetric> metrics{"a metric"};
  Kinds<MakeOptimizer> optimizers{"an optimizer"};
  Kinds<MakeSchedule> schedules{"a learning rate schedule"};
};

/// A table with what hgq has, which is made once.
const TrainingKinds& built_in_training_kinds();

}  // namespace hgq
