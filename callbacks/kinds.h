// The callbacks that a config can name.
//
//   callbacks:
//     - ResetMinMax
//     - BetaSchedule: {from: 1.0e-6, to: 1.0e-4, scale: log}
//
// Each file of this folder that holds some has a function `register_FILE(CallbackKinds&)`, which CMakeLists.txt lists.
// A program adds its own to a table of its own:
//
//   CallbackKinds kinds;
//   kinds.callbacks.add({.name = "Printer", .doc = "prints the loss", .make = make_printer});
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hgq/callbacks/callback.h"
#include "hgq/config/config_reader.h"
#include "hgq/config/kinds.h"

namespace hgq {

/// What the factory of a callback may need beside its keys.
struct CallbackContext {
  int epochs = 1;                         // of schedules without a length of their own
  std::string folder;                     // of the run; empty where the config is only checked
  bool free_bops_and_calibrated = false;  // both are listed: FreeBOPs writes free_bops
};

using MakeCallback = std::unique_ptr<Callback> (*)(ConfigReader& c, const CallbackContext& context);

struct CallbackKinds {
  /// With all that hgq has.
  CallbackKinds();

  Kinds<MakeCallback> callbacks{"a callback"};
};

/// Reads NAME or {NAME: {...}}; nullptr after an error. `docs`, if given, receives the keys.
std::unique_ptr<Callback> make_callback(const Node& node, const CallbackContext& context, const CallbackKinds& kinds,
                                        ErrorList& errors, std::vector<KeyDoc>* docs = nullptr);

}  // namespace hgq
