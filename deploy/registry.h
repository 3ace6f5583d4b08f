// All that a config can name: layers, activations, losses, metrics, optimizers, schedules, callbacks, and the layers of
// proxies. A program that has its own gives them to a registry, and the registry to what reads configs and files:
//
//   Registry registry;                                    // with all that hgq has
//   registry.layers.add({.name = "Scale", .doc = "x times a factor", .make = make_scale});
//   registry.losses.add({.name = "log_cosh", .doc = "log(cosh(error))", .make = make_log_cosh});
//
// `return hgq_train_main(argc, argv, registry);` (apps/hgq_train_main.h) is then hgq-train with them;
// apps/examples/custom_layer.cpp is such a program.
#pragma once

#include "hgq/callbacks/kinds.h"
#include "hgq/layers/kinds.h"
#include "hgq/optim/kinds.h"

namespace hgq {

struct Registry : LayerKinds, TrainingKinds, CallbackKinds {
  /// For Model::Options and load_model. The registry must outlive what is made with them.
  LayerDefaults layer_defaults() const {
    LayerDefaults defaults;
    defaults.kinds = this;
    return defaults;
  }
};

/// A registry with what hgq has, which is made once.
const Registry& built_in_registry();

}  // namespace hgq
