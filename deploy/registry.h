// Everything that a config can name: layers, activations, losses, metrics, optimizers, schedules, callbacks, and the
// layers of proxies. A program with kinds of its own adds them to a registry, and passes it to what reads configs and
// files:
//
//   Registry registry;                                    // with all that hgq has
//   registry.layers.add({.name = "Scale", .doc = "x times a factor", .make = make_scale});
//   registry.losses.add({.name = "log_cosh", .doc = "log(cosh(error))", .make = make_log_cosh});
//
// hgq_train_main(argc, argv, registry) (apps/hgq_train_main.h) is hgq-train with these kinds;
// apps/examples/custom_layer.cpp is such a program.
#pragma once

#include "hgq/callbacks/kinds.h"
#include "hgq/layers/kinds.h"
#include "hgq/optim/kinds.h"

namespace hgq {

/// A new registry has all kinds of hgq.
struct Registry : LayerKinds, TrainingKinds, CallbackKinds {
  Registry();
  /// Defaults for Model::Options and load_model that find layers here. The registry must outlive them.
  LayerDefaults layer_defaults() const {
    LayerDefaults defaults;
    defaults.kinds = this;
    return defaults;
  }
};

/// The kinds of hgq alone; made once, and never changed.
const Registry& built_in_registry();

}  // namespace hgq
