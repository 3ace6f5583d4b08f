// Where the time of training steps goes, for `bench_train --profile`.
#pragma once

#include <string>

#include "hgq/deploy/profile_summary.h"

namespace hgq {

/// Trains a workload (workloads.h) for some seconds on so many threads, batch by batch as train/WORKLOAD/BATCH does.
ProfileSummary profile_steps(const std::string& workload, int64_t batch_size, int threads, double seconds);

}  // namespace hgq
