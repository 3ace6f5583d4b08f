// Replays a plan for each batch, forward and backward over chunks of rows, with the same bits for any number of
// threads.
//
//   Executor executor(tape, workers, {.gradients = true});
//   const std::vector<ConstTensorView> inputs{x.view(), y.view()};      // in the order of Tape::input()
//   executor.forward(inputs, step);
//   executor.backward();                                // sets Parameter::grad
//   executor.loss();  executor.value(var);
//
// How a batch is cut depends only on the plan, the options and the number of rows (see Chunks). Memory is allocated
// when a number of rows occurs for the first time; later batches of that size allocate nothing.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "hgq/autograd/chunks.h"
#include "hgq/autograd/plan.h"
#include "hgq/autograd/tape.h"
#include "hgq/core/parallel.h"

namespace hgq {

class LaneSums;
class PlanProfile;

struct ExecutorOptions {
  bool gradients = true;
  bool all_parameters = false;  // also the gradients of parameters that are not trainable
  int64_t largest_chunk = ChunkOptions{}.largest_chunk;
  int lanes = ChunkOptions{}.lanes;
  uint64_t seed = 0;  // of random numbers inside operations (stochastic rounding, dropout)
};

class Executor {
 public:
  /// Tape, workers, parameters and states must outlive the executor.
  Executor(const Tape& tape, Workers& workers, const ExecutorOptions& options);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  /// Computes all values, and sets the gradients to their start. `inputs` has one view for each Tape::input(), of shape
  /// [rows, sample...], all with the same number of rows; backward() reads them again, so they must live until then.
  /// Random numbers depend on the seed and on `step`. Throws ShapeError if the inputs do not fit.
  void forward(std::span<const ConstTensorView> inputs, uint64_t step = 0);
  /// Completes the gradients: afterwards Parameter::grad of each trainable parameter that a loss depends on is that of
  /// this batch alone. Call it at most once after each forward(). Throws Error without a forward pass, or without
  /// ExecutorOptions::gradients.
  void backward();

  /// The sum of the weighted losses of the last forward pass.
  float loss() const;
  /// One of them, in the order of Tape::add_loss().
  float loss(size_t index) const;
  // Views into buffers of the executor: valid until the next forward(), and no longer than the executor.
  /// A Step value of the last forward pass. Throws Error for a Row value.
  ConstTensorView value(Var step_value) const;
  /// A Row value of the last forward pass, of shape [rows, ...]. Throws Error unless it is an input or Tape::keep() was
  /// called for it.
  ConstTensorView rows_of(Var kept) const;
  /// The gradient of an input after backward(), of shape [rows, ...]. Throws Error if no gradient reaches it.
  ConstTensorView input_gradient(Var input) const;
  /// The gradient of a Step value after backward(); its data is nullptr if no gradient reaches the value.
  ConstTensorView step_gradient(Var step_value) const;
  const Plan& plan() const { return plan_; }
  /// How the batch of the last forward pass was cut.
  const Chunks& chunks() const;
  /// Bytes of all buffers of Row values and lanes.
  size_t bytes() const;

 private:
  struct StepCall;
  struct Program;
  struct WorkerPointers;

  Program& program_for(int64_t rows);
  void check_inputs(std::span<const ConstTensorView> inputs) const;
  void run_stages(const std::vector<Stage>& stages, std::vector<std::vector<StepCall>>& calls,
                  const std::vector<std::vector<int>>* operations);
  void run_step_calls(std::vector<StepCall>& calls, const int* operations);
  void prepare_segment(const Segment& segment);
  void run_segment(int32_t segment);
  template <bool kTimed>
  void run_chunk(int32_t segment, int64_t chunk, int64_t lane, int worker);
  /// The profile, while it takes time.
  Profile* profile() const;
  float* resolve(int32_t operand, int64_t row_begin, int64_t lane, int worker) const;
  void combine(int32_t segment);
  std::vector<std::vector<StepCall>> prepare(const std::vector<Stage>& stages) const;

  const Tape& tape_;
  Workers& workers_;
  ExecutorOptions options_;
  Plan plan_;
  std::unique_ptr<LaneSums> lane_sums_;
  std::unique_ptr<PlanProfile> pieces_;  // if the workers have a profile
  std::vector<std::vector<StepCall>> forward_calls_, backward_calls_;
  std::map<int64_t, std::unique_ptr<Program>> programs_;
  Program* program_ = nullptr;
  std::vector<std::unique_ptr<Kernels>> step_kernels_;
  std::vector<WorkerPointers> worker_pointers_;
  std::vector<ConstTensorView> inputs_;
  AlignedBuffer whole_memory_, worker_memory_, lane_memory_, step_scratch_;
  uint64_t step_ = 0;
};

}  // namespace hgq
