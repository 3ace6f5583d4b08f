// From a tape to a program: which operation runs when, what is kept, and what is computed again.
//
// Every value has a level: 0 for inputs and parameters, else the highest level of its inputs, one more where a
// reduction over the batch makes a Step value of Row values. A level's Row operations are one **segment**: each chunk
// of rows goes through all of them on one thread while it is in cache. Between two segments lies a barrier (batch
// norm's statistics, say).
//
//   forward   for s = 0, 1, ...:      Step operations of level s; the segment of level s; combine the lanes,
//                                     finish reductions
//   backward  for s = last, ..., 0:   backward_step of the reductions; the segment of level s in reverse; combine
//                                     the lanes into Step gradients; Step operations of level s in reverse
//
// The last forward segment and the first backward one are one visit where no gradient waits for a whole-batch result (a
// plain loss: its own gradient is a constant). Without a barrier a chunk so goes forward and backward in one visit, and
// memory does not grow with the batch.
//
// A Row value that is used in another segment than its own is computed again there if that is cheap (Op::recomputable),
// else kept for the whole batch; all others live in the worker's block, as long as they are needed. A plan depends on
// the tape alone; Layout gives it offsets and chunks for a number of rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hgq/autograd/tape.h"

namespace hgq {

struct PlanOptions {
  bool gradients = true;
  bool all_parameters = false;  // gradients also of parameters that are not trainable
};

/// Where a pointer that an operation gets comes from.
struct Slot {
  enum class Kind : uint8_t {
    kNone,    // nullptr
    kFixed,   // a Step value, a parameter, a gradient: the same for every chunk
    kInput,   // rows of the batch
    kWhole,   // rows of a value kept for the whole batch
    kWorker,  // this worker's block
    kLane     // this lane's block of partial results
  };
  Kind kind = Kind::kNone;
  float* fixed = nullptr;
  int32_t input = -1;
  int64_t row_floats = 0;  // kInput, kWhole, kWorker: floats a row
  int64_t floats = 0;      // kLane, and kWorker buffers that do not grow with the rows
  int64_t first = 0;       // life: segments for kWhole, instructions of the segment for kWorker
  int64_t last = 0;
  int32_t segment = -1;  // kWorker, kLane
  float start = 0;       // kLane: value at the beginning of a lane
};

struct Instruction {
  enum class Action : uint8_t { kForward, kRecompute, kBackward, kFinish, kBackwardStep };
  Action action = Action::kForward;
  int32_t node = -1;
  std::vector<int32_t> in, out, grad_out, grad_in;  // slots
  std::vector<int32_t> partial;                     // kFinish: lane slots of the Step outputs, -1 for Row ones
  std::unique_ptr<bool[]> accumulate;               // per input
  int32_t scratch = -1;
  float* extra = nullptr;
};

/// Lane blocks are summed into a Step gradient in lane order.
struct GradientSum {
  int32_t lane_slot = -1;
  float* into = nullptr;
  int64_t floats = 0;
};

struct Segment {
  std::vector<Instruction> instructions;
  std::vector<int32_t> lane_slots;
  std::vector<Instruction> finish;  // reductions, after the lanes are combined
  std::vector<GradientSum> gradient_sums;
  int64_t level = 0;
  bool backward = false;  // has backward instructions
};

struct Stage {
  std::vector<Instruction> step;  // Step operations, run by the caller in this order, before the segment
  int32_t segment = -1;           // then this segment, if any
};

class Plan {
 public:
  Plan(const Tape& tape, const PlanOptions& options);

  const Tape& tape() const { return *tape_; }
  const std::vector<Slot>& slots() const { return slots_; }
  const std::vector<Segment>& segments() const { return segments_; }
  const std::vector<Stage>& forward_stages() const { return forward_; }
  const std::vector<Stage>& backward_stages() const { return backward_; }
  /// Loss gradients to set before the forward pass.
  struct Seed {
    float* gradient;
    float weight;
  };
  const std::vector<Seed>& seeds() const { return seeds_; }
  /// Parameters whose gradient this plan computes.
  const std::vector<Parameter*>& parameters() const { return parameters_; }
  /// Buffer of a Step value; nullptr for a Row value.
  float* step_value(int32_t value) const { return step_value_[static_cast<size_t>(value)]; }
  float* step_gradient(int32_t value) const { return step_gradient_[static_cast<size_t>(value)]; }
  /// Slot of a Row value (kept ones: kWhole) or of the gradient of a batch input; -1 where there is none.
  int32_t kept_slot(int32_t value) const;
  int32_t input_gradient_slot(int32_t value) const;
  std::span<float> step_gradients() const { return {step_gradient_data_, static_cast<size_t>(step_gradient_floats_)}; }
  /// Floats that one row needs in the worker's block of the hungriest segment, about: decides the size of a chunk.
  int64_t worker_row_floats() const;
  /// The program in words: levels, what is kept, what is computed again.
  std::string describe() const;

 private:
  struct Builder;
  const Tape* tape_;
  std::vector<Slot> slots_;
  std::vector<Segment> segments_;
  std::vector<Stage> forward_, backward_;
  std::vector<Seed> seeds_;
  std::vector<Parameter*> parameters_;
  std::vector<float*> step_value_, step_gradient_;
  std::vector<std::pair<int32_t, int32_t>> kept_, input_gradients_;
  AlignedBuffer step_memory_;
  float* step_gradient_data_ = nullptr;
  int64_t step_gradient_floats_ = 0;
};

}  // namespace hgq
