// The search of the solver: first tries in several ways, then rebuilding of the cheapest graph.
#pragma once

#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/rtl/solver.h"

namespace hgq::rtl {

/// The problem is one that solve() accepts. `limit`: the depth that no output exceeds; from kUnlimitedDepth on any.
AdderGraph search(const MatrixProblem& problem, const std::vector<int>& arrivals, int limit,
                  const SolverOptions& options, Workers& workers);

}  // namespace hgq::rtl
