// What a run prints at its end.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "hgq/deploy/deployment.h"
#include "hgq/deploy/model_extras.h"

namespace hgq {

struct RunTextOptions {
  std::string folder;
  double cover_factor = 1;  // of the trace
};

/// Metrics of model and proxy, their comparison, speed, and the files that were written.
std::string run_text(const Deployment& done, const nlohmann::json& summary, const ModelExtras& extras,
                     const RunTextOptions& options);

}  // namespace hgq
