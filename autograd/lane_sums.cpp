#include "hgq/autograd/lane_sums.h"

#include <algorithm>

namespace hgq {
namespace {

constexpr int64_t kGroup = 8;                     // lanes
constexpr int64_t kSlice = 1024;                  // floats of a gradient
constexpr int64_t kFloatsWorthSharing = 1 << 15;  // for fewer, waking other threads costs more than it saves

size_t at(int64_t i) { return static_cast<size_t>(i); }

}  // namespace

LaneSums::LaneSums(const Plan& plan, int threads) : plan_(plan), pointers_(at(threads)) {
  size_t most = 0;
  for (const Segment& segment : plan.segments()) {
    Work& work = segments_.emplace_back();
    for (const GradientSum& sum : segment.gradient_sums) {
      for (int64_t first = 0; first < sum.floats; first += kSlice)
        work.slices.push_back({.operand = sum.lane_operand,
                               .first = first,
                               .count = std::min(kSlice, sum.floats - first),
                               .into = sum.into + first});
      work.floats += sum.floats;
    }
    for (const Instruction& reduction : segment.finish) {
      for (const int32_t partial : reduction.partial) {
        if (partial >= 0) work.floats += plan.operands()[at(partial)].floats;
      }
      most = std::max(most, reduction.in.size() + reduction.out.size() + reduction.partial.size());
    }
  }
  for (std::vector<float*>& pointers : pointers_) pointers.resize(most);
}

void LaneSums::add(int32_t segment, const LaneBlocks& lanes, const OpContext& context, Workers& workers) {
  const std::vector<Instruction>& reductions = plan_.segments()[at(segment)].finish;
  const Work& work = segments_[at(segment)];
  const bool share = work.floats * lanes.lanes >= kFloatsWorthSharing;
  const auto run = [&](int64_t count, const auto& task) {
    if (share) {
      workers.run(count, task);
    } else {
      for (int64_t index = 0; index < count; ++index) task(index, 0);
    }
  };
  const auto count = std::ssize(reductions);
  const int64_t groups = (lanes.lanes + kGroup - 1) / kGroup;
  if (lanes.lanes > 1 && count > 0) {
    run(count * groups, [&](int64_t task, int worker) {
      const int64_t first = task % groups * kGroup;
      combine(reductions[at(task / groups)], lanes, first, std::min(first + kGroup, lanes.lanes), 1, context, worker);
    });
  }
  const int64_t slices = lanes.lanes > 1 ? std::ssize(work.slices) : 0;
  run(count + slices, [&](int64_t task, int worker) {
    if (task >= count) {
      add_slice(work.slices[at(task - count)], lanes);
      return;
    }
    combine(reductions[at(task)], lanes, 0, lanes.lanes, kGroup, context, worker);
    finish(reductions[at(task)], lanes, context, worker);
  });
}

void LaneSums::set_pointers(const Instruction& reduction, OpContext& context, int worker) {
  float** next = pointers_[at(worker)].data();
  context.in = next;
  for (const int32_t operand : reduction.in) *next++ = plan_.operands()[at(operand)].fixed;
  context.out = next;
  for (const int32_t operand : reduction.out) *next++ = plan_.operands()[at(operand)].fixed;
  context.partial = next;
  context.extra = reduction.extra;
}

// Lanes first, first + step, ... before `end` are combined into `first`.
void LaneSums::combine(const Instruction& reduction, const LaneBlocks& lanes, int64_t first, int64_t end, int64_t step,
                       OpContext context, int worker) {
  set_pointers(reduction, context, worker);
  const Op& op = *plan_.tape().nodes()[at(reduction.node)].op;
  for (size_t o = 0; o < reduction.partial.size(); ++o) {
    const int32_t partial = reduction.partial[o];
    if (partial < 0) continue;
    for (int64_t lane = first + step; lane < end; lane += step)
      op.combine(context, static_cast<int>(o), lanes.at(partial, first), lanes.at(partial, lane));
  }
}

void LaneSums::finish(const Instruction& reduction, const LaneBlocks& lanes, OpContext context, int worker) {
  set_pointers(reduction, context, worker);
  float** const combined = pointers_[at(worker)].data() + reduction.in.size() + reduction.out.size();
  for (size_t o = 0; o < reduction.partial.size(); ++o)
    combined[o] = reduction.partial[o] < 0 ? nullptr : lanes.at(reduction.partial[o], 0);
  plan_.tape().nodes()[at(reduction.node)].op->finish(context);
}

void LaneSums::add_slice(const Slice& slice, const LaneBlocks& lanes) {
  for (int64_t lane = 0; lane < lanes.lanes; ++lane) {
    const float* const part = lanes.at(slice.operand, lane) + slice.first;
#pragma omp simd
    for (int64_t i = 0; i < slice.count; ++i) slice.into[i] += part[i];
  }
}

}  // namespace hgq
