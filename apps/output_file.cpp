#include "hgq/apps/output_file.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "hgq/core/error.h"
#include "hgq/core/printable.h"

namespace hgq {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 12> kOfRun{
    "config.yaml",     "history.csv",     "checkpoint.h5", "model.h5",           "proxy.h5",  "summary.json",
    "evaluation.json", "candidates.json", "scaling.csv",   "output_scaling.csv", "exit_code", "profile.json"};
constexpr std::array<std::string_view, 2> kOfSweep{"sweep.yaml", "runs.csv"};
constexpr std::string_view kFront = "pareto";

bool has_file(const fs::path& folder, const char* name) {
  std::error_code ignored;
  return fs::is_regular_file(folder / name, ignored);
}

/// A config beside what a run has written of its training; a config alone is anybody's.
bool is_run(const fs::path& folder) {
  return has_file(folder, "config.yaml") &&
         (has_file(folder, "checkpoint.h5") || has_file(folder, "history.csv") || has_file(folder, "summary.json"));
}

/// The folder of the run or the sweep to which a file of this name belongs; empty if to none.
fs::path owner_of(const fs::path& file) {
  const std::string name = file.filename().string();
  fs::path folder = file.parent_path();
  if (std::ranges::find(kOfRun, name) != kOfRun.end() && is_run(folder)) return folder;
  if (std::ranges::find(kOfSweep, name) != kOfSweep.end() && has_file(folder, "sweep.yaml")) return folder;
  if (folder.filename() == kFront && (file.extension() == ".h5" || name == "pareto.csv") &&
      is_run(folder.parent_path()))
    return folder.parent_path();
  return {};
}

}  // namespace

std::vector<std::string> files_of_run(const std::string& folder) {
  std::vector<std::string> files;
  for (const std::string_view name : kOfRun) files.push_back((fs::path(folder) / name).string());
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(folder) / kFront, ignored))
    files.push_back(entry.path().string());
  return files;
}

std::string beside(const std::string& file, const std::string& name) {
  return (fs::path(file).parent_path() / name).string();
}

void check_output(const std::string& option, const std::string& out, const std::vector<std::string>& read,
                  const std::string& remade) {
  if (out.empty()) return;
  std::error_code ignored;
  for (const std::string& file : read) {
    HGQ_CHECK(file.empty() || !fs::equivalent(out, file, ignored), ConfigError, option, " ", printable(out),
              " is a file that this command reads, and would be overwritten; give another name");
  }
  // As it is written, and where its links lead.
  const auto paths_of = [&](const std::string& file) {
    return std::array{fs::absolute(file, ignored).lexically_normal(), fs::weakly_canonical(file, ignored)};
  };
  for (const fs::path& path : paths_of(out)) {
    if (!remade.empty() && std::ranges::count(paths_of(remade), path) > 0) continue;
    const fs::path owner = owner_of(path);
    HGQ_CHECK(owner.empty(), ConfigError, option, " ", printable(out), " is a file of the ",
              has_file(owner, "sweep.yaml") ? "sweep" : "run", " in '", printable(owner.string()),
              "', and would be overwritten; give another name");
  }
}

}  // namespace hgq
