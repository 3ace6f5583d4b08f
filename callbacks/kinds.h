// The callbacks that a config can name.
//
//   callbacks:
//     - ResetMinMax
//     - BetaSchedule: {from: 1.0e-6, to: 1.0e-4, scale: log}
//
// Each file of this folder that defines callbacks has a function `register_FILE(CallbackKinds&)`, and is listed in
// CMakeLists.txt. A program adds its callbacks to a table of its own:
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
#include "hgq/layers/layer.h"

namespace hgq {

/// What the factory of a callback may need besides the keys.
struct CallbackContext {
  int epochs = 1;                         // the length of schedules that have none of their own
  std::string folder;                     // of the run, for files; empty if the config is only checked
  bool free_bops_and_calibrated = false;  // the config has FreeBOPs and CalibratedBOPs; the former logs free_bops then
  ProxyOptions proxy{};                   // of the section `export`
};

/// Reads the keys of a callback and makes it. The result is not used if there was an error.
using MakeCallback = std::unique_ptr<Callback> (*)(ConfigReader& c, const CallbackContext& context);

struct CallbackKinds {
  /// The table has all callbacks of hgq.
  CallbackKinds();

  Kinds<MakeCallback> callbacks{"a callback"};
};

/// Reads NAME or {NAME: {...}}; nullptr after an error. `docs`, if given, receives the documentation of the keys.
std::unique_ptr<Callback> make_callback(const Node& node, const CallbackContext& context, const CallbackKinds& kinds,
                                        ErrorList& errors, std::vector<KeyDoc>* docs = nullptr);

}  // namespace hgq
