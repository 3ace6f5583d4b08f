// Whether a run can be resumed with another config (declared in run_config.h).
#include "hgq/apps/config_path.h"
#include "hgq/apps/resolved_config.h"
#include "hgq/apps/run_config.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

/// The length of the schedules of a resolved config.
std::optional<int64_t> schedule_epochs_of(const Node& resolved) {
  const Node& train = resolved["train"];
  const std::optional<int64_t> own = decimal_integer(train["schedule_epochs"]);
  return own ? own : decimal_integer(train["epochs"]);
}

}  // namespace

void keep_schedule_epochs(const Node& stored, RunConfig& now) {
  if (now.train.schedule_epochs) return;
  const std::optional<int64_t> begun_with = schedule_epochs_of(stored);
  if (!begun_with || *begun_with == now.train.epochs) return;
  now.train.schedule_epochs = begun_with;
  if (Node* const train = now.resolved.find("train")) train->set("schedule_epochs", Node::integer(*begun_with));
}

void check_resumable(const Node& stored, const Node& now, const std::string& path) {
  std::vector<std::string> keys = differing_keys(stored, now);
  std::erase(keys, "train.epochs");
  // It is written only if it differs from train.epochs.
  if (schedule_epochs_of(stored) == schedule_epochs_of(now) || now["train"].find("schedule_epochs") == nullptr)
    std::erase(keys, "train.schedule_epochs");
  HGQ_CHECK(keys.empty(), ConfigError, path, ": the config differs from that with which this run began in ",
            join_names(keys), "; only train.epochs may change when a run is resumed");
}

}  // namespace hgq
