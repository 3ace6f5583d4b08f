// Where the time of a training went, as profile.json says, and the section of a report about it.
//
//   const report::ProfileFacts profile = report::read_profile("runs/magic/profile.json");
//   for (const auto& phase : profile.phases) std::printf("%s %g s\n", phase.name.c_str(), phase.seconds);
//   const report::Figure phases = report::phase_figure(profile);
//
// `hgq-train CONFIG --profile` writes the file (deploy/profile_summary.h); docs/profile.md says what its numbers mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hgq/report/figure.h"

namespace hgq::report {

/// profile.json. What the file does not have is empty, or 0 where that says the same.
struct ProfileFacts {
  struct Phase {
    std::string name;
    int64_t calls = 0;
    double seconds = 0;  // of the main thread
    double shared = 0;   // of them, while work was given out to the threads
    double busy = 0;     // of all threads, in their work
  };
  struct Operation {
    std::string phase, layer, name;
    std::string pass;  // "forward", "again" or "backward"
    int64_t calls = 0;
    double seconds = 0;  // of all threads
    double gflops = 0, gbytes = 0;
  };

  int64_t threads = 1;
  double seconds = 0;
  std::optional<double> product_gflops, copy_gbytes, memory_gbytes, barrier_microseconds;  // what the machine gives
  std::vector<Phase> phases;                            // as in the file: the longest first
  std::vector<Operation> operations;                    // the same
  std::optional<double> serial_share, product_share;    // of 1
  std::vector<std::pair<int64_t, double>> speed_ups{};  // by number of threads

  /// The share of the time of a phase in which its threads had nothing to do.
  double waiting(const Phase& phase) const;
};

/// Throws FileError if the file cannot be read or is damaged; seconds and rates are finite and not negative.
ProfileFacts read_profile(const std::string& path);

/// The seconds of each phase; its table has what else is known of them.
Figure phase_figure(const ProfileFacts& profile);
/// The seconds of all operations of each layer, of all threads together.
Figure layer_time_figure(const ProfileFacts& profile);
/// The operations that take longest, `most` at most, beside what the machine gives.
Table operation_table(const ProfileFacts& profile, size_t most);
/// How many times faster more threads would be; without rows if that is not known.
Table speed_up_table(const ProfileFacts& profile);

}  // namespace hgq::report
