// The program made from a tape: in which order the operations run, which values are kept, and which are computed again.
// The Executor (executor.h) replays it. docs/glossary.md explains Row, Step, chunk, lane and segment.
//
// Every value has a level. Inputs and parameters have level 0, any other value the highest level of the inputs of its
// operation, plus one if the operation reduces Row values to a Step value. The Row operations of a level form a
// **segment**: each chunk of rows passes through all of them on one thread while it is in the cache. Between two
// segments there is a barrier, for example the batch statistics of batch norm.
//
//   forward   for s = 0, 1, ...:      the Step operations of level s; the segment of level s; the lanes are combined,
//                                     and the reductions finished
//   backward  for s = last, ..., 0:   backward_step of the reductions; the segment of level s in reverse; the lanes are
//                                     summed into Step gradients; the Step operations of level s in reverse
//
// The last forward segment and the first backward segment are one, if no gradient in it depends on a result of the
// whole batch; that is so for a plain loss, whose own gradient is a constant. A tape without a barrier then has a
// single segment, in which a chunk goes forward and backward, and its memory does not grow with the batch.
//
// A Row value that is needed in another segment than its own is computed again there if that is cheap
// (Op::recomputable), otherwise it is kept for the whole batch. All other Row values live in the block of the worker
// for as long as they are needed. A plan depends only on the tape and the options: it holds the buffers of Step values,
// whereas the Executor cuts a batch into chunks and places the buffers of Row values, once for each number of rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hgq/autograd/tape.h"

namespace hgq {

struct PlanOptions {
  bool gradients = true;
  bool all_parameters = false;  // also the gradients of parameters that are not trainable
};

/// Where a pointer that is passed to an operation comes from.
struct Operand {
  enum class Kind : uint8_t {
    kNone,    // nullptr
    kFixed,   // a Step value, a parameter, a gradient: the same for every chunk
    kInput,   // rows of the batch
    kWhole,   // rows of a value kept for the whole batch
    kWorker,  // in the block of the worker that runs the chunk
    kLane     // in the lane's block of partial results
  };
  Kind kind = Kind::kNone;
  float* fixed = nullptr;
  int32_t input = -1;
  int64_t row_floats = 0;  // of kInput, kWhole, kWorker: floats for each row
  int64_t floats = 0;      // of kLane, and of kWorker buffers that do not grow with the rows
  int64_t first = 0;       // first and last use: a segment for kWhole, an instruction of the segment for kWorker
  int64_t last = 0;
  int32_t segment = -1;  // of kWorker, kLane
  float start = 0;       // of kLane: the value of every element at the beginning of a lane
};

/// One call of an operation: of Op::forward, forward (computed again), backward, prepare, combine and finish, or
/// backward_step.
struct Instruction {
  enum class Action : uint8_t { kForward, kRecompute, kBackward, kPrepare, kFinish, kBackwardStep };
  Action action = Action::kForward;
  int32_t node = -1;
  std::vector<int32_t> in, out, grad_out, grad_in;  // operands
  std::vector<int32_t> partial;                     // of kFinish: lane operands of the Step outputs, -1 for Row outputs
  std::unique_ptr<bool[]> accumulate;               // for each input: its gradient is added to, not overwritten
  int32_t scratch = -1;
  float* extra = nullptr;
};

/// A Step gradient, to which the parts in the lane blocks are added in the order of the lanes.
struct GradientSum {
  int32_t lane_operand = -1;
  float* into = nullptr;
  int64_t floats = 0;
};

struct Segment {
  std::vector<Instruction> prepare;  // before all chunks
  std::vector<Instruction> instructions;
  std::vector<int32_t> lane_operands;
  std::vector<Instruction> finish;  // of reductions, after all chunks
  std::vector<GradientSum> gradient_sums;
  int64_t level = 0;
  bool backward = false;  // has backward instructions
};

/// What runs between two barriers: Step operations, and then a segment.
struct Stage {
  std::vector<Instruction> step;  // Step operations, run by the caller in this order, before the segment
  int32_t segment = -1;           // the segment that follows; -1: none
};

class Plan {
 public:
  /// Tape, parameters and states must outlive the plan, which holds pointers to their values.
  Plan(const Tape& tape, const PlanOptions& options);

  const Tape& tape() const { return *tape_; }
  const std::vector<Operand>& operands() const { return operands_; }
  const std::vector<Segment>& segments() const { return segments_; }
  const std::vector<Stage>& forward_stages() const { return forward_; }
  const std::vector<Stage>& backward_stages() const { return backward_; }
  /// The gradient of each loss, which is its weight; to be set before the forward pass.
  struct Seed {
    float* gradient;
    float weight;
  };
  const std::vector<Seed>& seeds() const { return seeds_; }
  /// The parameters whose gradients this plan computes.
  const std::vector<Parameter*>& parameters() const { return parameters_; }
  /// The buffer of a Step value and that of its gradient; nullptr for a Row value, or if there is no gradient.
  float* step_value(int32_t value) const { return step_value_[static_cast<size_t>(value)]; }
  float* step_gradient(int32_t value) const { return step_gradient_[static_cast<size_t>(value)]; }
  /// The index of the operand (kWhole) of a Row value for which Tape::keep() was called, and of the gradient of an
  /// input; -1 if there is none.
  int32_t kept_operand(int32_t value) const;
  int32_t input_gradient_operand(int32_t value) const;
  /// The gradients of all Step values but parameters, to be set to 0 before each pass.
  std::span<float> step_gradients() const { return {step_gradient_data_, static_cast<size_t>(step_gradient_floats_)}; }
  /// Floats for each row in the worker's block, in the segment with the most of them and counted without sharing of
  /// memory. The size of a chunk follows from it.
  int64_t worker_row_floats() const;
  /// The program as text: the floats kept for the whole batch, then the operations of each segment.
  std::string describe() const;

 private:
  struct Builder;
  const Tape* tape_;
  std::vector<Operand> operands_;
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
