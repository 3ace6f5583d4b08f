// The whole program hgq-train as a function, for programs that add layers, losses, metrics, optimizers or callbacks of
// their own: configs can name them, and check, reference, training, saved models, export and verify know them.
//
//   int main(int argc, char** argv) {
//     hgq::Registry registry;
//     registry.losses.add({.name = "log_cosh", .doc = "log(cosh(error))", .make = make_log_cosh});
//     return hgq::hgq_train_main(argc, argv, registry);
//   }
#pragma once

#include "hgq/deploy/registry.h"

namespace hgq {

/// Does what the command line says, as hgq-train does (docs/config.md, hgq-train --help). Returns the exit code; throws
/// nothing. Signals end the program at once, or, in training, after the checkpoint.
int hgq_train_main(int argc, const char* const* argv, const Registry& registry = built_in_registry());

}  // namespace hgq
