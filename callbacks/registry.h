// The callbacks by name: one line each in registry.cpp.
//
//   callbacks:
//     - ResetMinMax
//     - BetaSchedule: {from: 1.0e-6, to: 1.0e-4, scale: log}
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/callbacks/callback.h"
#include "hgq/config/config_reader.h"

namespace hgq {

/// What the factory of a callback may need beside its keys.
struct CallbackContext {
  int epochs = 1;                         // of schedules without a length of their own
  std::string folder;                     // of the run
  bool free_bops_and_calibrated = false;  // both are listed: FreeBOPs writes free_bops
};

struct CallbackKind {
  std::string_view name;
  std::unique_ptr<Callback> (*make)(ConfigReader& c, const CallbackContext& context);
  std::string_view doc;
};

std::span<const CallbackKind> callback_kinds();

/// nullptr after an error.
std::unique_ptr<Callback> make_callback(const Node& node, const CallbackContext& context, ErrorList& errors,
                                        std::vector<KeyDoc>* docs = nullptr);

// The factories, each beside its class.
std::unique_ptr<Callback> make_reset_min_max(ConfigReader& c, const CallbackContext& context);
std::unique_ptr<Callback> make_free_bops(ConfigReader& c, const CallbackContext& context);
std::unique_ptr<Callback> make_calibrated_bops(ConfigReader& c, const CallbackContext& context);
std::unique_ptr<Callback> make_beta_schedule(ConfigReader& c, const CallbackContext& context);
std::unique_ptr<Callback> make_pareto_front(ConfigReader& c, const CallbackContext& context);
std::unique_ptr<Callback> make_checkpoint(ConfigReader& c, const CallbackContext& context);
std::unique_ptr<Callback> make_early_stopping(ConfigReader& c, const CallbackContext& context);
std::unique_ptr<Callback> make_reduce_lr_on_plateau(ConfigReader& c, const CallbackContext& context);
std::unique_ptr<Callback> make_terminate_on_nan(ConfigReader& c, const CallbackContext& context);

}  // namespace hgq
