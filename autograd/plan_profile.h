// The instructions of a plan as the operations of a profile, and the phases of an executor.
//
//   PlanProfile pieces(plan, true, profile, workers.size());
//   const PhaseTimer timer(&profile, pieces.rows());
//   profile.add_operation_time(pieces.of_segment(s)[i], worker, ticks, rows);      // instruction i of segment s
#pragma once

#include <utility>
#include <vector>

#include "hgq/autograd/chunks.h"
#include "hgq/autograd/plan.h"
#include "hgq/core/profile.h"

namespace hgq {

class PlanProfile {
 public:
  /// Plans without gradients have phases of their own, with "evaluation: " before their names.
  PlanProfile(const Plan& plan, bool gradients, Profile& profile, int threads);

  // Phases: chunks of rows; values that are computed once in a step; combining lanes.
  int rows() const { return rows_; }
  int step_values() const { return step_values_; }
  int lanes() const { return lanes_; }

  // Operations, by instruction.
  const std::vector<int>& of_segment(int32_t segment) const { return segments_[static_cast<size_t>(segment)]; }
  const std::vector<std::vector<int>>& forward_stages() const { return forward_; }
  const std::vector<std::vector<int>>& backward_stages() const { return backward_; }

 private:
  int rows_, step_values_, lanes_;
  std::vector<std::vector<int>> segments_, forward_, backward_;
};

/// The matrix products of a step with these chunks, whatever way they are computed, each with how often.
std::vector<std::pair<MatmulSpec, int64_t>> products_of(const Plan& plan, const Chunks& chunks);

}  // namespace hgq
