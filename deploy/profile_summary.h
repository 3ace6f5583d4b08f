// What a profile says, beside what the machine gives: for people, as JSON, and for other numbers of threads.
//
//   ProfileSummary summary = summarize(profile, measure_machine(workers), workers.size());
//   std::printf("%s", describe(summary).c_str());
//   summary.speed_up(64);                       // of the same work, by a schedule of the measured tasks
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "hgq/core/machine_rates.h"
#include "hgq/core/profile.h"

namespace hgq {

/// The name of the file in the folder of a run.
inline constexpr const char* kProfileName = "profile.json";

struct ProfileSummary {
  struct Phase {
    std::string name;
    int64_t calls = 0;
    double seconds = 0;  // of the main thread
    double shared = 0;   // of them, while Workers::run() was at work
    double busy = 0;     // of all threads in tasks
    std::vector<Profile::Region> regions;
  };
  struct Operation {
    std::string phase, layer, name;
    Profile::Pass pass = Profile::Pass::kForward;
    int64_t calls = 0;
    double seconds = 0;  // of all threads
    double flops = 0;    // floating-point operations of its matrix products
    double bytes = 0;    // of arguments and results
  };

  int threads = 1;
  double seconds = 0;
  MachineRates machine;
  std::vector<Phase> phases;            // the longest first
  std::vector<Operation> operations;    // the longest first
  std::optional<double> product_share;  // of the time: that which the matrix products alone would take, on all threads

  /// The share of the time in which fewer threads could work than there are, were each task on a thread of its own:
  /// what Amdahl's law calls serial, if it was measured on one thread.
  double serial_share() const;
  /// How many times faster the same work would be on so many threads than on one: each call of Workers::run() gives its
  /// tasks, one after another, to the thread that is free first, and ends with a barrier that costs what it costs here
  /// for each thread.
  double speed_up(int threads) const;
};

/// The share of the time of a phase, of `seconds` of the main thread, in which its threads had nothing to do: it was
/// shared for `shared` seconds, in which all threads together worked for `busy`; otherwise the main thread worked
/// alone.
double waiting_share(double seconds, double shared, double busy, int64_t threads);

ProfileSummary summarize(const Profile& profile, const MachineRates& machine, int threads);

/// Tables of phases and of the operations that take longest.
std::string describe(const ProfileSummary& summary, size_t most_operations = 25);

nlohmann::json to_json(const ProfileSummary& summary);

}  // namespace hgq
