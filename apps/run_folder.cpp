#include "hgq/apps/run_folder.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/core/shell_word.h"
#include "hgq/core/system_file.h"

namespace hgq {
namespace {

namespace fs = std::filesystem;

bool is_picked(const fs::path& folder) {
  constexpr size_t kMostSummary = size_t{1} << 26U;
  const fs::path file = folder / "summary.json";
  if (!fs::exists(file)) return false;
  const auto summary = nlohmann::json::parse(read_file(file.string(), kMostSummary), nullptr, false);
  return summary.is_object() && summary.contains("picked");
}

}  // namespace

std::string why_no_run(const fs::path& folder) {
  const std::string found = fs::exists(folder) ? "contains no run (there is no config.yaml in it)" : "does not exist";
  std::vector<std::string> runs;
  std::error_code ignored;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(folder.has_parent_path() ? folder.parent_path() : fs::path("."), ignored)) {
    if (fs::exists(entry.path() / "config.yaml", ignored)) runs.push_back(entry.path().filename().string());
  }
  return concat("the folder '", folder.string(), "' ", found, did_you_mean(folder.filename().string(), runs),
                "; --resume continues a run that has begun: give its folder with --out, or leave out --resume to begin "
                "a new one");
}

void check_model_is_not_lost(const fs::path& folder) {
  if (fs::exists(folder / "checkpoint.h5")) return;
  const bool picked = is_picked(folder);
  if (!picked && !fs::exists(folder / "summary.json") && !fs::exists(folder / "model.h5")) return;
  throw ConfigError(concat(
      "the folder '", folder.string(), "' holds ",
      picked ? "a model that 'hgq-train pick' has chosen" : "a model of a training that has ended",
      ", and no checkpoint.h5 from which it could be continued; expected the folder of a run that was interrupted. To "
      "train its config anew: hgq-train ",
      shell_word((folder / "config.yaml").string()), " --out NEW"));
}

}  // namespace hgq
