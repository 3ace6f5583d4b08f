// The program hgq-train as a function, for programs with layers, losses, metrics, optimizers or callbacks of their own.
// Configs can name these, and every command knows them: training, check, reference, export, verify, and the loading of
// saved models.
//
//   int main(int argc, char** argv) {
//     hgq::Registry registry;
//     registry.losses.add({.name = "log_cosh", .doc = "log(cosh(error))", .make = make_log_cosh});
//     return hgq::hgq_train_main(argc, argv, registry);
//   }
#pragma once

#include "hgq/deploy/registry.h"

namespace hgq {

/// Runs the command of the command line, as hgq-train does (docs/config.md, hgq-train --help). Throws nothing, and
/// returns the exit code: 0 done, 1 the answer is no, 2 usage, config or input are wrong, 3 the run failed, 130
/// interrupted. SIGINT and SIGTERM end the program at once; a training run first writes a checkpoint, unless a second
/// one of them comes. `registry` is used only during the call. A registry with a layer that has Kind::scalar is
/// refused, since layers have no form {NAME: VALUE}.
int hgq_train_main(int argc, const char* const* argv, const Registry& registry = built_in_registry());

}  // namespace hgq
