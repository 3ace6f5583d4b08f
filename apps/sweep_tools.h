// What a sweep needs to know about configs (sweep/sweep_file.h).
#pragma once

#include "hgq/deploy/registry.h"
#include "hgq/sweep/sweep_file.h"

namespace hgq {

/// The registry must outlive it.
sweep::ConfigTools sweep_tools(const Registry& registry);

}  // namespace hgq
