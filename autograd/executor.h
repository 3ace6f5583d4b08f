// Replays a plan: forward and backward over chunks of rows, the same bits for any number of threads.
//
//   Executor executor(tape, workers, {.gradients = true});
//   const std::vector<ConstTensorView> inputs{x.view(), y.view()};      // in the order of Tape::input()
//   executor.forward(inputs, step);
//   executor.backward();                                // sets Parameter::grad
//   executor.loss();  executor.value(var);
//
// How a batch is cut follows from the plan and the number of rows alone (see Chunks). Everything is allocated when a
// number of rows is seen for the first time; later steps with it allocate nothing.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "hgq/autograd/plan.h"
#include "hgq/autograd/tape.h"
#include "hgq/core/parallel.h"

namespace hgq {

struct ExecutorOptions {
  bool gradients = true;
  bool all_parameters = false;  // gradients also of parameters that are not trainable
  int64_t largest_chunk = 512;  // rows, about; fewer where a chunk's values would not fit the cache
  int lanes = 16;     // most lanes; a lane is a run of chunks whose partial results are summed in order on one thread
  uint64_t seed = 0;  // of random numbers inside operations (stochastic rounding, dropout)
};

/// How a batch is cut: equal chunks, the last one perhaps shorter, their number a multiple of the lanes where the batch
/// allows.
struct Chunks {
  int64_t rows = 0;        // of the batch
  int64_t chunk_rows = 0;  // of each chunk but the last
  int64_t count = 0;
  int64_t lanes = 0;
  int64_t first_of_lane(int64_t lane) const { return lane * count / lanes; }
  int64_t rows_of(int64_t chunk) const { return chunk + 1 < count ? chunk_rows : rows - chunk_rows * (count - 1); }
};

/// `row_floats`: floats a row takes while its chunk is worked on; together they should fit 384 KiB, the part of L2 that
/// any machine has.
Chunks cut_batch(int64_t rows, int64_t row_floats, const ExecutorOptions& options);

class Executor {
 public:
  /// Tape and workers must outlive the executor.
  Executor(const Tape& tape, Workers& workers, const ExecutorOptions& options);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  /// One view per Tape::input(), batch dim first, all with the same number of rows; read again in backward(), so they
  /// must live until then. Throws ShapeError where they do not fit. `step` is what random numbers depend on beside the
  /// seed.
  void forward(std::span<const ConstTensorView> inputs, uint64_t step = 0);
  /// Writes Parameter::grad of every parameter that can be reached (zeros of the last pass are overwritten).
  void backward();

  /// Sum of the losses of the last forward pass.
  float loss() const;
  /// One term, in the order of Tape::add_loss().
  float loss(size_t index) const;
  /// A Step value of the last pass; for a kept Row value see rows_of.
  ConstTensorView value(Var step_value) const;
  ConstTensorView rows_of(Var kept) const;
  ConstTensorView input_gradient(Var input) const;
  /// Gradient of a Step value, valid after backward().
  ConstTensorView step_gradient(Var step_value) const;
  const Plan& plan() const { return plan_; }
  /// Bytes of all buffers.
  size_t bytes() const;

 private:
  struct StepCall;
  struct Program;
  struct WorkerPointers;

  Program& program_for(int64_t rows);
  void check_inputs(std::span<const ConstTensorView> inputs) const;
  void run_stages(const std::vector<Stage>& stages, std::vector<std::vector<StepCall>>& calls);
  void run_segment(int32_t segment);
  void run_chunk(const Segment& segment, int64_t chunk, int64_t lane, int worker);
  float* resolve(int32_t slot, int64_t row_begin, int64_t lane, int worker) const;
  void combine(const Segment& segment);
  std::vector<std::vector<StepCall>> prepare(const std::vector<Stage>& stages) const;

  const Tape& tape_;
  Workers& workers_;
  ExecutorOptions options_;
  Plan plan_;
  std::vector<std::vector<StepCall>> forward_calls_, backward_calls_;
  std::map<int64_t, std::unique_ptr<Program>> programs_;
  Program* program_ = nullptr;
  std::vector<std::unique_ptr<Kernels>> step_kernels_;
  std::vector<WorkerPointers> worker_pointers_;
  std::vector<ConstTensorView> inputs_;
  AlignedBuffer whole_memory_, worker_memory_, lane_memory_, step_scratch_;
  std::vector<const float*> partials_;
  uint64_t step_ = 0;
};

}  // namespace hgq
