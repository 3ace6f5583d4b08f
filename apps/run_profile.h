// Where the time of a run goes, for `hgq-train CONFIG --profile`.
#pragma once

#include <memory>
#include <string>

#include "hgq/core/parallel.h"
#include "hgq/core/profile.h"

namespace hgq {

/// A profile of all that workers do from now on, if it is wanted.
class RunProfile {
 public:
  RunProfile(bool wanted, Workers& workers);
  ~RunProfile();
  RunProfile(const RunProfile&) = delete;
  RunProfile& operator=(const RunProfile&) = delete;

  /// Ends it, writes profile.json into the folder, and returns a table for people; empty without a profile.
  std::string write(const std::string& folder);

 private:
  Workers& workers_;
  std::unique_ptr<Profile> profile_;
};

}  // namespace hgq
