// The sums of lanes: of partial results of reductions, and of gradients.
//
//   LaneSums sums(plan, workers.size());
//   sums.add(segment, lanes, context, workers);        // after all chunks of the segment
//
// The order of each sum follows from the number of lanes alone: gradients are added element by element in the order of
// the lanes; lanes of a reduction are combined in groups of eight, in order, and then the groups. So the result is the
// same for any number of threads, though groups, reductions and slices of gradients are different tasks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hgq/autograd/plan.h"
#include "hgq/core/parallel.h"

namespace hgq {

/// Where the blocks of the lanes are.
struct LaneBlocks {
  float* memory = nullptr;
  int64_t floats = 0;  // of a lane
  int64_t lanes = 0;
  std::span<const int64_t> offsets;  // by operand: in the block of a lane

  float* at(int32_t operand, int64_t lane) const {
    return memory + floats * lane + offsets[static_cast<size_t>(operand)];
  }
};

class LaneSums {
 public:
  /// The plan must outlive the object. At most `threads` threads may be at work in add().
  LaneSums(const Plan& plan, int threads);

  /// Combines the reductions of a segment and finishes them, and adds its gradients, unless there is one lane, into
  /// which they were written directly. `context` has what does not depend on the operation: rows, seed and step.
  void add(int32_t segment, const LaneBlocks& lanes, const OpContext& context, Workers& workers);

 private:
  /// A part of a gradient.
  struct Slice {
    int32_t operand = -1;
    int64_t first = 0, count = 0;
    float* into = nullptr;
  };
  struct Work {
    std::vector<Slice> slices;
    int64_t floats = 0;  // of reductions and gradients in a lane
  };
  void combine(const Instruction& reduction, const LaneBlocks& lanes, int64_t first, int64_t end, int64_t step,
               OpContext context, int worker);
  void finish(const Instruction& reduction, const LaneBlocks& lanes, OpContext context, int worker);
  /// Sets inputs and outputs of a reduction, whose pointers lie in memory of the worker.
  void set_pointers(const Instruction& reduction, OpContext& context, int worker);
  static void add_slice(const Slice& slice, const LaneBlocks& lanes);

  const Plan& plan_;
  std::vector<Work> segments_;
  std::vector<std::vector<float*>> pointers_;  // by worker
};

}  // namespace hgq
