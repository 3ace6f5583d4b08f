#include "hgq/apps/run_profile.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "hgq/data/atomic_file.h"
#include "hgq/deploy/profile_summary.h"

namespace hgq {

RunProfile::RunProfile(bool wanted, Workers& workers) : workers_(workers) {
  if (!wanted) return;
  profile_ = std::make_unique<Profile>();
  workers_.set_profile(profile_.get());
  profile_->start();
}

RunProfile::~RunProfile() { workers_.set_profile(nullptr); }

std::string RunProfile::write(const std::string& folder) {
  if (profile_ == nullptr) return "";
  profile_->stop();
  const ProfileSummary summary = summarize(*profile_, measure_machine(workers_), workers_.size());
  write_file_atomically((std::filesystem::path(folder) / kProfileName).string(), to_json(summary).dump(1) + "\n");
  return describe(summary);
}

}  // namespace hgq
