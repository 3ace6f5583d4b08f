// The kinds of losses, metrics, optimizers, and schedules of the learning rate that a config can name.
//
//   TrainingKinds kinds;                                        // has the kinds of hgq
//   kinds.losses.add({.name = "log_cosh", .doc = "...", .make = make_log_cosh});
//   const LossPtr loss = make_loss(node, kinds.losses, errors);
//
// Each file of this folder that defines kinds has a function `register_FILE(TrainingKinds&)`, and is listed in
// CMakeLists.txt.
#pragma once

#include "hgq/config/kinds.h"
#include "hgq/optim/loss.h"
#include "hgq/optim/metric.h"
#include "hgq/optim/optimizer_config.h"
#include "hgq/optim/schedule_config.h"

namespace hgq {

struct TrainingKinds {
  /// The tables have all kinds of hgq.
  TrainingKinds();

  Kinds<MakeLoss> losses{"a loss"};
  Kinds<MakeMetric> metrics{"a metric"};
  Kinds<MakeOptimizer> optimizers{"an optimizer"};
  Kinds<MakeSchedule> schedules{"a learning rate schedule"};
};

/// The kinds of hgq alone; made once, and never changed.
const TrainingKinds& built_in_training_kinds();

}  // namespace hgq
