#include "hgq/apps/sweep_tools.h"

#include <memory>

#include "hgq/apps/config_path.h"
#include "hgq/apps/prepare.h"
#include "hgq/apps/run_config.h"
#include "hgq/apps/setup.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

using sweep::CheckedConfig;
using sweep::Setting;

CheckedConfig check(const Node& config, const std::string& folder, std::span<const WatchedMetric> watched,
                    const Registry& registry, ErrorList& errors) {
  auto run = std::make_shared<const RunConfig>(run_config_from(config, folder, config_hooks(registry), errors));
  CheckedConfig checked{.resolved = run->resolved, .try_out = {}};
  const std::vector<WatchedMetric> names(watched.begin(), watched.end());
  checked.try_out = [run, names, &registry](ErrorList& found, std::vector<std::string>& warnings) {
    try {
      warnings = prepare_run(*run, registry, found, "", names).warnings;
    } catch (const RunError&) {  // the disk failed, which says nothing about the config
      throw;
    } catch (const Error& e) {
      if (found.empty()) found.add("", e.what());
    }
  };
  return checked;
}

}  // namespace

sweep::ConfigTools sweep_tools(const Registry& registry) {
  sweep::ConfigTools tools;
  tools.with_absolute_paths = value_with_paths;
  tools.set = [&registry](Node& config, const Setting& setting, ErrorList& errors) {
    set_value(config, setting.key, setting.value, setting.place, errors, &registry);
  };
  tools.check = [&registry](const Node& config, const std::string& folder, std::span<const WatchedMetric> watched,
                            ErrorList& errors) { return check(config, folder, watched, registry, errors); };
  tools.differing_keys = differing_keys;
  return tools;
}

}  // namespace hgq
