// hgq-train summary: what a model or a proxy is made of.
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>

#include "hgq/apps/commands.h"
#include "hgq/core/error.h"
#include "hgq/report/network_summary.h"

namespace hgq {

int run_summary(const SummaryCommand& command, const Registry& registry) {
  if (!command.elements.empty()) {
    HGQ_CHECK(!command.json, ConfigError, "--elements prints CSV, and --json one JSON document; give one of them");
    std::cout << report::elements_csv(command.model, command.elements, registry);
    return kExitDone;
  }
  Workers workers(command.threads);
  report::SummaryOptions options;
  if (command.luts) options.most_bops_to_estimate = std::numeric_limits<double>::infinity();
  if (command.stage_delay) options.stage_delay = *command.stage_delay;
  const report::NetworkSummary summary = report::summarize(command.model, registry, workers, options);
  if (command.json) {
    std::cout << report::to_json(summary).dump(1) << "\n";
  } else {
    std::cout << report::summary_text(summary);
  }
  return kExitDone;
}

}  // namespace hgq
